// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/shared/shareable_list.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "cohort/base/error.hpp"
#include "unit/shared/python.hpp"

namespace cohort {
namespace {

using namespace cohort::literals;
using test::python;
using test::UniqueName;

Object::Bytes bytes(std::string_view text) {
  auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}

const Object::List kExample = {"howdy", bytes("HoWdY"), -273.154, 100, nullptr, true, 42};

TEST(ShareableList, keeps_every_kind) {
  ShareableList list(kExample);
  ASSERT_EQ(list.size(), 7U);
  EXPECT_EQ(list.items(), kExample);
  EXPECT_EQ(list.get(0).as_text(), "howdy");
  EXPECT_EQ(list.get(1).as_bytes(), bytes("HoWdY"));
  EXPECT_EQ(list.get(2).as_number(), -273.154);
  EXPECT_TRUE(list.get(4).is_none());
  EXPECT_EQ(list.get(5).kind(), ObjectKind::boolean);
  EXPECT_EQ(list.get(-1).as_integer(), 42);
  EXPECT_EQ(list[-7], "howdy");
  EXPECT_EQ(list.format(), "8s8sdqxxxxxx?xxxxxxxx?q");
  EXPECT_TRUE(list.shm().is_anonymous());
}

TEST(ShareableList, has_pythons_layout) {
  ShareableList list(kExample);
  EXPECT_EQ(list.shm().size(), 191U);
  auto view = list.shm().view();
  std::uint64_t words[9];
  std::memcpy(words, view.data(), sizeof words);
  const std::uint64_t expected[9] = {7, 0, 8, 16, 24, 32, 40, 48, 56};
  EXPECT_TRUE(std::equal(std::begin(words), std::end(words), std::begin(expected)));
  EXPECT_EQ(std::memcmp(view.data() + 72, "howdy\0\0\0HoWdY\0\0\0", 16), 0);
  EXPECT_EQ(std::memcmp(view.data() + 128, "8s\0\0\0\0\0\0", 8), 0);
  EXPECT_EQ(std::memcmp(view.data() + 184, "\1\2\0\0\3\0\0", 7), 0);
}

TEST(ShareableList, replaces_items_also_by_other_kinds) {
  ShareableList list(kExample);
  list[0] = 17;
  list[3] = "a text";
  list[4] = 2.5;
  list[5] = nullptr;
  list.set(-1, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(list.items(), (Object::List{17, bytes("HoWdY"), -273.154, "a text", 2.5, nullptr,
                                        std::numeric_limits<std::int64_t>::min()}));
  EXPECT_EQ(list.format(), "q8sd8sdxxxxxx?xq");
  list[0] = list[1];
  EXPECT_EQ(list[0], bytes("HoWdY"));
  list[0] = "";
  EXPECT_EQ(list[0], "");
}

TEST(ShareableList, refuses_what_does_not_fit_and_changes_nothing) {
  ShareableList list(kExample);
  EXPECT_THROW(list.set(0, "nine char"), ValueError);
  EXPECT_NO_THROW(list.set(0, "eight ch"));
  EXPECT_THROW(list.set(0, bytes(std::string("eight c\0", 8))), ValueError);
  EXPECT_EQ(list[0], "eight ch");
  EXPECT_THROW(list.set(7, 1), IndexError);
  EXPECT_THROW(list.set(-8, 1), IndexError);
  EXPECT_THROW((void)list.get(7), IndexError);
  EXPECT_THROW(list.set(0, Object::list({1})), KindError);
  EXPECT_THROW(list.set(0, "\xff"), ValueError);
  EXPECT_THROW(ShareableList({Object::dict()}), KindError);
  EXPECT_THROW(ShareableList({std::string(10'000'000, 'x')}), ValueError);
  EXPECT_EQ(list[0], "eight ch");
}

TEST(ShareableList, sizes_text_by_its_bytes_and_keeps_trailing_zeros) {
  ShareableList list{"ééééééé", bytes(std::string("a\0b\0\0", 5)), bytes(std::string(1, '\0'))};
  EXPECT_EQ(list.get(0), "ééééééé");
  EXPECT_EQ(list.get(1).as_bytes(), bytes(std::string("a\0b\0\0", 5)));
  EXPECT_EQ(list.get(2).as_bytes(), bytes(std::string(1, '\0')));
  EXPECT_EQ(list.format(), "16s5s1s");
  list[1] = bytes("abcdef");
  EXPECT_EQ(list.format(), "16s8s1s");
}

TEST(ShareableList, counts_and_finds_as_python_compares) {
  ShareableList list{1, 2, 1.0, true, "1", nullptr};
  EXPECT_EQ(list.count(1), 3U);
  EXPECT_EQ(list.count("1"), 1U);
  EXPECT_EQ(list.count(7), 0U);
  EXPECT_EQ(list.index(2.0), 1U);
  EXPECT_EQ(list.index(nullptr), 5U);
  EXPECT_THROW((void)list.index("absent"), ValueError);
}

TEST(ShareableList, iterates_copies_and_prints) {
  ShareableList list{"howdy", 1};
  Object::List seen;
  for (const Object& item : list) seen.push_back(item);
  EXPECT_EQ(seen, list.items());
  ShareableList same = list;
  ShareableList other = list.copy();
  list[1] = 2;
  EXPECT_EQ(same[1], 2);
  EXPECT_EQ(other[1], 1);
  EXPECT_EQ(list.to_string(), "ShareableList(['howdy', 2], name=anonymous)");
  EXPECT_EQ(ShareableList().size(), 0U);
  EXPECT_TRUE(ShareableList().empty());
}

TEST(ShareableList, travels_with_its_memory) {
  ShareableList list{"howdy", 1};
  auto arrived = decode<ShareableList>(encode(list), DecodeLimits::within_family());
  arrived[1] = 5;
  EXPECT_EQ(list[1], 5);
}

TEST(ShareableList, opens_by_name) {
  UniqueName name;
  auto list = ShareableList::create(name, kExample);
  auto other = ShareableList::attach(name);
  other[6] = 43;
  EXPECT_EQ(list[6], 43);
  auto looking = ShareableList::attach(name, {.read_only = true});
  EXPECT_EQ(looking[6], 43);
  EXPECT_THROW(looking.set(6, 1), StateError);
  try {
    (void)ShareableList::create(name, kExample);
    FAIL();
  } catch (const OsError& error) { EXPECT_EQ(error.code(), std::errc::file_exists); }
}

TEST(ShareableList, is_read_and_written_by_python) {
  UniqueName name;
  auto list = ShareableList::create(name, {"howdy", bytes("HoWdY"), -273.154, 100, nullptr, true, "ééé", 42});
  std::string shown = python("s = open_list('" + name.text() +
                             "')\n"
                             "print(list(s), s.format, len(s), s.index(42), s.count(100))\n"
                             "s[0] = 'hi'\ns[1] = b'12345678'\ns[2] = 3\ns[3] = None\ns[4] = True\ns[5] = 1.5\n"
                             "s[6] = 'éééé'\ns[7] = 'text'\n");
  EXPECT_EQ(shown, "['howdy', b'HoWdY', -273.154, 100, None, True, 'ééé', 42] 8s8sdqxxxxxx?xxxxxxxx?8sq 8 7 1\n");
  EXPECT_EQ(list.items(), (Object::List{"hi", bytes("12345678"), 3, nullptr, true, 1.5, "éééé", "text"}));
}

TEST(ShareableList, reads_and_writes_what_python_made) {
  UniqueName name;
  (void)python("s = ShareableList(['howdy', b'HoWdY', -273.154, 100, None, True, 42], name='" + name.text() +
               "')\nuntrack(s.shm)\n");
  auto list = ShareableList::attach(name);
  EXPECT_EQ(list.items(), kExample);
  EXPECT_EQ(std::memcmp(list.shm().view().data(), ShareableList(kExample).shm().view().data(), 191), 0);
  for (std::int64_t i = 0; i < 7; ++i) list[i] = kExample[static_cast<std::size_t>(6 - i)];
  EXPECT_EQ(python("s = open_list('" + name.text() + "')\nprint(list(s), s.format)\n"),
            "[42, True, None, 100, -273.154, b'HoWdY', 'howdy'] qxxxxxxx?xxxxxx?xqd8s8s\n");
}

TEST(ShareableList, agrees_with_python_on_lists_made_at_random) {
  std::mt19937_64 random(20261120);
  Object::List items;
  for (int i = 0; i < 300; ++i) {
    switch (random() % 6) {
      case 0: items.emplace_back(nullptr); break;
      case 1: items.emplace_back(random() % 2 == 0); break;
      case 2: items.emplace_back(static_cast<std::int64_t>(random())); break;
      case 3: items.emplace_back(static_cast<double>(static_cast<std::int64_t>(random())) / 1024); break;
      case 4: items.emplace_back(std::string(random() % 30, static_cast<char>('a' + random() % 26))); break;
      default: items.emplace_back(Object::Bytes(random() % 30, static_cast<std::byte>(1 + random() % 255)));
    }
  }
  UniqueName name;
  UniqueName mirror;
  auto list = ShareableList::create(name, items);
  (void)python("s = open_list('" + name.text() + "')\nm = ShareableList(list(s), name='" + mirror.text() +
               "')\nuntrack(m.shm)\n");
  auto mirrored = ShareableList::attach(mirror);
  EXPECT_EQ(mirrored.items(), items);
  ASSERT_EQ(mirrored.shm().size(), list.shm().size());
  EXPECT_EQ(std::memcmp(mirrored.shm().view().data(), list.shm().view().data(), list.shm().size()), 0);
}

TEST(ShareableList, tells_when_python_has_cut_a_text) {
  UniqueName name;
  (void)python("s = ShareableList(['ééééé'], name='" + name.text() + "')\nuntrack(s.shm)\n");  // 10 bytes, slot of 8
  auto list = ShareableList::attach(name);
  EXPECT_EQ(list[0], "éééé");  // cut between two characters: nobody can tell
  (void)python("s = ShareableList(['aéééé'], name='" + name.text() + "-2')\nuntrack(s.shm)\n");
  auto cut = ShareableList::attach(name.text() + "-2");
  EXPECT_THROW((void)cut.get(0), DecodeError);
  cut.shm().unlink();
}

TEST(ShareableList, never_trusts_what_lies_in_the_memory) {
  EXPECT_THROW(ShareableList(SharedMemory(8_B)), DecodeError);
  EXPECT_EQ(ShareableList(SharedMemory(16_B)).size(), 0U);
  ShareableList sound(kExample);
  const auto original = sound.shm().view();
  std::vector<std::byte> image(original.begin(), original.end());
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    SharedMemory memory{Bytes(image.size())};
    std::memcpy(memory.buf().data(), image.data(), image.size());
    for (int i = 0; i < 3; ++i) {
      std::size_t at = random() % image.size();
      if (random() % 2 == 0) {
        memory.buf()[at] = static_cast<std::byte>(random());
      } else {
        std::uint64_t word = random() >> (random() % 64);
        at = at / 8 * 8;
        std::memcpy(memory.buf().data() + at, &word, std::min<std::size_t>(8, image.size() - at));
      }
    }
    try {
      ShareableList list(memory);
      (void)list.format();
      for (std::size_t i = 0; i < list.size(); ++i) {
        try {
          (void)list.get(static_cast<std::int64_t>(i));
        } catch (const DecodeError&) {}
        try {
          list.set(static_cast<std::int64_t>(i), "x");
        } catch (const DecodeError&) {}
      }
    } catch (const DecodeError&) {}
  }
}

}  // namespace
}  // namespace cohort
