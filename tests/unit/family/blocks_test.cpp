// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/blocks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "unit/family/private_memory.hpp"

namespace cohort::family {
namespace {

using testing::kMiB;
using testing::PrivateMemory;

TEST(Blocks, gives_blocks_of_at_least_the_size_aligned_and_apart) {
  PrivateMemory memory;
  Offset last_end = 0;
  for (std::uint64_t size : {0ULL, 1ULL, 63ULL, 64ULL, 65ULL, 1000ULL, 4096ULL, 5000ULL, 1ULL << 20}) {
    Offset block = memory.payload(size);
    std::uint64_t room = memory.blocks.size(block);
    EXPECT_GE(room, size);
    EXPECT_GE(room, 64U);
    EXPECT_EQ(block % 64, 0U);
    EXPECT_EQ(block % std::min<std::uint64_t>(room, os::page_size()), 0U);
    EXPECT_GE(block, last_end);
    last_end = block + room;
    std::memset(memory.windows.address(block, room), 0xAA, room);
  }
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, counts_what_is_in_use_and_gives_it_back) {
  PrivateMemory memory;
  Offset a = memory.payload(1000);
  Offset b = memory.control(100);
  EXPECT_EQ(memory.blocks.usage().used_bytes, 1024U + 128U);
  EXPECT_EQ(memory.blocks.usage().blocks, 2U);
  memory.free(a);
  memory.free(b);
  EXPECT_EQ(memory.blocks.usage().used_bytes, 0U);
  EXPECT_EQ(memory.blocks.usage().kept_bytes, 1024U + 128U);
}

TEST(Blocks, uses_the_block_that_was_freed_last_again) {
  PrivateMemory memory;
  Offset a = memory.payload(100);
  Offset b = memory.payload(100);
  memory.free(a);
  memory.free(b);
  EXPECT_EQ(memory.payload(100), b);
  EXPECT_EQ(memory.payload(100), a);
}

TEST(Blocks, zeroes_control_blocks_that_were_used_before) {
  PrivateMemory memory;
  Offset a = memory.control(500);
  std::memset(memory.windows.address(a, 512), 0xFF, 512);
  memory.free(a);
  Offset b = memory.control(500);
  ASSERT_EQ(a, b);
  const std::byte* bytes = memory.windows.address(b, 512);
  EXPECT_TRUE(std::all_of(bytes, bytes + 512, [](std::byte x) { return x == std::byte{0}; }));
}

TEST(Blocks, keeps_control_and_payload_in_mappings_with_a_gap_between) {
  PrivateMemory memory;
  const Places& places = memory.windows.places();
  EXPECT_LT(memory.control(64), places.control_end);
  EXPECT_GE(memory.payload(64), places.payload_begin);
  EXPECT_GE(places.payload_begin - places.control_end, kMiB);
  EXPECT_THROW((void)memory.windows.address(places.control_end, 1), ValueError);
  EXPECT_THROW((void)memory.windows.address(places.control_end - 1, 2), ValueError);
}

TEST(Blocks, refuses_wild_offsets) {
  PrivateMemory memory;
  Offset block = memory.payload(4096);
  Windows& windows = memory.windows;
  std::uint64_t end = windows.places().payload_begin + windows.places().payload.units * kUnitSize;
  for (Offset wild : {Offset{0}, Offset{8}, Offset{4096}, windows.places().control_end, end, windows.size(),
                      Offset{UINT64_MAX}, Offset{UINT64_MAX - 63}, Offset{1} << 63})
    EXPECT_THROW((void)windows.address(wild, 64), ValueError) << wild;
  EXPECT_THROW((void)windows.address(block, UINT64_MAX), ValueError);
  EXPECT_THROW((void)windows.address(block, UINT64_MAX - block + 1), ValueError);
  EXPECT_THROW((void)windows.address(end - 64, 65), ValueError);
  for (Offset wild : {Offset{0}, block + 1, block + 64, block - 64, block + 4096, end, windows.places().members}) {
    EXPECT_THROW(memory.free(wild), ValueError) << wild;
    EXPECT_THROW((void)memory.blocks.size(wild), ValueError) << wild;
    EXPECT_THROW((void)memory.blocks.owner(wild), ValueError) << wild;
    EXPECT_THROW(memory.blocks.set_owner(wild, kNobody), ValueError) << wild;
  }
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, refuses_to_free_twice) {
  PrivateMemory memory;
  Offset block = memory.payload(100);
  memory.free(block);
  EXPECT_THROW(memory.free(block), ValueError);
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, throws_before_a_page_is_touched_when_the_budget_is_exceeded) {
  PrivateMemory memory(4 * kMiB);
  Offset first = memory.payload(2 * kMiB);
  std::uint64_t resident = os::memory_resident(memory.windows.fd());
  EXPECT_THROW((void)memory.payload(4 * kMiB), OutOfFamilyMemory);
  EXPECT_THROW((void)memory.payload(2 * kMiB + 1), OutOfFamilyMemory);
  EXPECT_LE(os::memory_resident(memory.windows.fd()), resident + 2 * os::page_size());
  memory.free(memory.payload(2 * kMiB));
  memory.free(first);
  memory.free(memory.payload(4 * kMiB));
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, names_the_size_and_the_way_out_when_the_budget_is_exceeded) {
  PrivateMemory memory(1 * kMiB);
  try {
    (void)memory.payload(2 * kMiB);
    FAIL();
  } catch (const OutOfFamilyMemory& error) {
    EXPECT_NE(std::string(error.what()).find("2097152 bytes"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("COHORT_MEMORY_BUDGET"), std::string::npos) << error.what();
  }
}

TEST(Blocks, throws_when_the_reservation_is_exhausted_and_works_on) {
  PrivateMemory memory(1024 * kMiB);
  EXPECT_THROW((void)memory.payload(64 * kMiB), OutOfFamilyMemory);
  EXPECT_THROW((void)memory.payload(UINT64_MAX), OutOfFamilyMemory);
  std::vector<Offset> all;
  for (int i = 0; i < 32; ++i) all.push_back(memory.payload(kMiB));
  EXPECT_THROW((void)memory.payload(64), OutOfFamilyMemory);
  for (Offset block : all) memory.free(block);
  memory.free(memory.payload(32 * kMiB));
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, makes_one_large_block_of_many_small_ones_when_the_budget_asks_for_it) {
  PrivateMemory memory(4 * kMiB);
  std::vector<Offset> small;
  for (int i = 0; i < 4 * 1024; ++i) small.push_back(memory.payload(1024));
  std::mt19937 random(7);
  std::shuffle(small.begin(), small.end(), random);
  for (Offset block : small) memory.free(block);
  memory.free(memory.payload(4 * kMiB));
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, gives_pages_back_above_the_high_water_mark) {
  PrivateMemory memory(1024 * kMiB, std::uint64_t{1} << 30);
  std::vector<Offset> blocks;
  for (int i = 0; i < 10; ++i) {
    blocks.push_back(memory.payload(16 * kMiB));
    std::memset(memory.windows.address(blocks.back(), 16 * kMiB), 1, 16 * kMiB);
  }
  for (Offset block : blocks) memory.free(block);
  EXPECT_LE(memory.blocks.usage().kept_bytes, 128 * kMiB);
  EXPECT_LE(os::memory_resident(memory.windows.fd()), 136 * kMiB);
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, leaves_a_warm_large_block_whole_when_a_small_one_is_wanted) {
  PrivateMemory memory;
  Offset large = memory.payload(4 * kMiB);
  memory.free(large);
  (void)memory.payload(64);
  EXPECT_EQ(memory.payload(4 * kMiB), large);
}

TEST(Blocks, belong_to_their_owner_until_handed_over) {
  PrivateMemory memory;
  MemberId a{17, 3}, b{4095, UINT32_MAX};
  Offset block = memory.payload(100, a);
  EXPECT_EQ(memory.blocks.owner(block), a);
  EXPECT_FALSE(memory.blocks.set_owner(block, b, kNobody));
  EXPECT_TRUE(memory.blocks.set_owner(block, a, b));
  EXPECT_EQ(memory.blocks.owner(block), b);
  EXPECT_EQ(memory.blocks.free_owned(a, memory.self), 0U);
  EXPECT_EQ(memory.blocks.free_owned(b, memory.self), 1U);
  EXPECT_FALSE(memory.blocks.set_owner(block, b, a));
}

TEST(Blocks, frees_exactly_what_a_member_owns) {
  PrivateMemory memory;
  MemberId dead{5, 1}, other{5, 2};
  std::vector<Offset> kept;
  for (int i = 0; i < 1000; ++i) {
    std::uint64_t size = std::uint64_t{1} << (i % 14);
    (void)memory.payload(size, dead);
    (void)memory.control(size, dead);
    kept.push_back(memory.payload(size, i % 2 == 0 ? other : kNobody));
  }
  EXPECT_EQ(memory.blocks.free_owned(dead, memory.self), 2000U);
  EXPECT_EQ(memory.blocks.free_owned(dead, memory.self), 0U);
  EXPECT_EQ(memory.blocks.usage().blocks, kept.size());
  for (Offset block : kept) memory.free(block);
  EXPECT_EQ(memory.blocks.usage().used_bytes, 0U);
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, builds_the_same_lists_again_from_the_words) {
  PrivateMemory memory;
  std::mt19937 random(11);
  std::vector<Offset> live;
  for (int i = 0; i < 20000; ++i) {
    if (live.empty() || random() % 2 == 0) {
      live.push_back(memory.payload(std::uint64_t{1} << (random() % 12)));
    } else {
      std::swap(live[random() % live.size()], live.back());
      memory.free(live.back());
      live.pop_back();
    }
  }
  Blocks::Usage before = memory.blocks.usage();
  memory.blocks.rebuild(memory.self);
  Blocks::Usage after = memory.blocks.usage();
  EXPECT_EQ(before.used_bytes, after.used_bytes);
  EXPECT_EQ(before.kept_bytes, after.kept_bytes);
  EXPECT_EQ(before.blocks, after.blocks);
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, mends_lists_that_a_stray_write_has_spoilt) {
  PrivateMemory memory;
  memory.free(memory.payload(100));
  HeapState& state = memory.windows.header().payload;
  for (auto& head : state.head[1])
    if (head.load() != 0) head.store(12345);
  Offset block = memory.payload(100);
  EXPECT_EQ(memory.blocks.size(block), 128U);
  EXPECT_EQ(memory.blocks.validate(memory.self), nullptr);
}

TEST(Blocks, reports_words_that_a_stray_write_has_spoilt) {
  PrivateMemory memory;
  Offset block = memory.payload(100);
  auto* unit = reinterpret_cast<Unit*>(memory.windows.known_address(memory.windows.places().payload.table));
  unit->word.store(0xdeadbeefdeadbeef);
  EXPECT_THROW(memory.free(block), ValueError);
  EXPECT_NE(memory.blocks.validate(memory.self), nullptr);
  EXPECT_THROW(memory.blocks.rebuild(memory.self), Error);
  EXPECT_THROW((void)memory.payload(100), Error);
}

// The model: a shadow map of what is allocated. Blocks must never overlap, and must keep their bytes.
TEST(BlocksModel, behaves_like_a_map_of_disjoint_ranges) {
  unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  PrivateMemory memory(48 * kMiB);
  struct Entry {
    std::uint64_t room;
    unsigned char fill;
  };
  std::map<Offset, Entry> shadow;
  std::uint64_t used = 0;
  auto check_bytes = [&](Offset at, const Entry& entry) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(memory.windows.address(at, entry.room));
    return std::all_of(bytes, bytes + std::min<std::uint64_t>(entry.room, 256),
                       [&](unsigned char x) { return x == entry.fill; }) &&
           bytes[entry.room - 1] == entry.fill;
  };
  for (int step = 0; step < 60000; ++step) {
    bool grow = random() % 100 < (step / 5000 % 2 == 0 ? 60 : 40);
    if (grow || shadow.empty()) {
      std::uint64_t size = random() % (std::uint64_t{1} << (random() % 21)) + 1;
      bool control = random() % 8 == 0;
      try {
        Offset at = control ? memory.control(size) : memory.payload(size);
        Entry entry{memory.blocks.size(at), static_cast<unsigned char>(random())};
        ASSERT_GE(entry.room, size);
        auto next = shadow.lower_bound(at);
        if (next != shadow.end()) { ASSERT_LE(at + entry.room, next->first); }
        if (next != shadow.begin()) { ASSERT_LE(std::prev(next)->first + std::prev(next)->second.room, at); }
        std::byte* bytes = memory.windows.address(at, entry.room);
        if (control) {
          ASSERT_EQ(bytes[0], std::byte{0});
          ASSERT_EQ(bytes[entry.room - 1], std::byte{0});
        }
        std::memset(bytes, entry.fill, std::min<std::uint64_t>(entry.room, 256));
        std::memset(bytes + entry.room - 1, entry.fill, 1);
        shadow[at] = entry;
        used += entry.room;
      } catch (const OutOfFamilyMemory&) { ASSERT_GT(used, 0U); }
    } else {
      auto it = shadow.lower_bound(
          std::next(shadow.begin(), static_cast<long>(random() % std::min<std::size_t>(shadow.size(), 64)))->first);
      ASSERT_TRUE(check_bytes(it->first, it->second));
      memory.free(it->first);
      used -= it->second.room;
      shadow.erase(it);
    }
    ASSERT_EQ(memory.blocks.usage().used_bytes, used);
    ASSERT_LE(memory.blocks.usage().used_bytes + memory.blocks.usage().kept_bytes, 48 * kMiB + 4096);
    if (step % 2000 == 0) { ASSERT_STREQ(memory.blocks.validate(memory.self), nullptr); }
    if (step % 7000 == 0) memory.blocks.rebuild(memory.self);
  }
  for (const auto& [at, entry] : shadow) {
    ASSERT_TRUE(check_bytes(at, entry));
    memory.free(at);
  }
  EXPECT_EQ(memory.blocks.usage().used_bytes, 0U);
  EXPECT_STREQ(memory.blocks.validate(memory.self), nullptr);
}

// Threads on one mapping: what ThreadSanitizer can see of what processes do.
TEST(BlocksThreads, share_the_heaps_without_a_race) {
  PrivateMemory memory;
  std::vector<std::thread> threads;
  for (unsigned t = 1; t <= 4; ++t) {
    threads.emplace_back([&memory, t] {
      std::mt19937 random(t);
      MemberId mine{t, 1};
      std::vector<Offset> blocks;
      for (int i = 0; i < 3000; ++i) {
        if (blocks.size() < 20 && random() % 3 != 0) {
          Offset at = random() % 4 == 0 ? memory.control(random() % 2000, mine) : memory.payload(random() % 2000, mine);
          std::memset(memory.windows.address(at, 64), static_cast<int>(t), 64);
          blocks.push_back(at);
        } else if (!blocks.empty()) {
          Offset at = blocks.back();
          blocks.pop_back();
          EXPECT_EQ(*memory.windows.address(at, 1), static_cast<std::byte>(t));
          EXPECT_TRUE(memory.blocks.set_owner(at, mine, kNobody));
          memory.free(at);
        }
      }
      memory.blocks.free_owned(mine, memory.self);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(memory.blocks.usage().used_bytes, 0U);
  EXPECT_STREQ(memory.blocks.validate(memory.self), nullptr);
}

}  // namespace
}  // namespace cohort::family
