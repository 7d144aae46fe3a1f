// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/frame_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace cohort::connection {
namespace {

using namespace std::string_view_literals;

// Gives the bytes to the reader, at most `piece` at once; what is left when it wants no more.
std::string_view feed(FrameReader& reader, std::string_view bytes, std::size_t piece) {
  while (!bytes.empty() && !reader.whole() && !reader.damaged()) {
    auto room = reader.room();
    EXPECT_FALSE(room.empty());
    std::size_t size = std::min({room.size(), bytes.size(), piece});
    std::memcpy(room.data(), bytes.data(), size);
    reader.advance(size);
    bytes.remove_prefix(size);
  }
  return bytes;
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(FrameReader, puts_messages_together_whatever_the_pieces) {
  for (std::size_t piece : {1, 2, 3, 100}) {
    FrameReader reader;
    std::string_view rest = feed(reader, "\0\0\0\5hello\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\2hi!"sv, piece);
    EXPECT_EQ(text_of(reader.take()), "hello");
    rest = feed(reader, rest, piece);
    ASSERT_TRUE(reader.whole());
    EXPECT_EQ(text_of(reader.take()), "");
    rest = feed(reader, rest, piece);
    ASSERT_TRUE(reader.whole());
    EXPECT_EQ(text_of(reader.take()), "hi");
    EXPECT_EQ(rest, "!");
    EXPECT_FALSE(reader.begun());
  }
}

TEST(FrameReader, never_has_room_beyond_the_message) {
  FrameReader reader;
  EXPECT_EQ(reader.room().size(), 4U);
  (void)feed(reader, "\xff\xff\xff\xff"sv, 4);
  EXPECT_EQ(reader.room().size(), 8U);
  (void)feed(reader, "\0\0\0\0\0\0\0\3"sv, 8);
  EXPECT_EQ(reader.room().size(), 3U);
}

TEST(FrameReader, says_when_a_length_is_damaged) {
  for (auto length : {"\x80\0\0\0"sv, "\xff\xff\xff\xfe"sv, "\xff\xff\xff\xff\x80\0\0\0\0\0\0\0"sv,
                      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv}) {
    FrameReader reader;
    (void)feed(reader, length, 1);
    EXPECT_TRUE(reader.damaged());
    EXPECT_FALSE(reader.length_known());
    EXPECT_TRUE(reader.room().empty());
  }
}

// An announcement of 4 EiB takes no memory; each byte that comes makes room for as many.
TEST(FrameReader, makes_room_only_for_what_has_come) {
  FrameReader reader;
  (void)feed(reader, "\xff\xff\xff\xff\x40\0\0\0\0\0\0\0"sv, 12);
  ASSERT_TRUE(reader.length_known());
  std::size_t come = 0;
  while (come < (std::size_t{8} << 20)) {
    auto room = reader.room();
    ASSERT_LE(room.size(), FrameReader::kStep);
    ASSERT_FALSE(room.empty());
    reader.advance(room.size());
    come += room.size();
  }
  EXPECT_EQ(reader.have(), come);
}

TEST(FrameReader, moves_a_message_to_a_buffer_and_back) {
  FrameReader reader;
  (void)feed(reader,
             "\0\0\0\x0a"
             "abc"sv,
             100);
  std::vector<std::byte> buffer(16);
  reader.lend(buffer);
  (void)feed(reader, "defg"sv, 100);
  EXPECT_EQ(text_of({buffer.begin(), buffer.begin() + 7}), "abcdefg");
  reader.take_back();
  std::ranges::fill(buffer, std::byte{'?'});
  (void)feed(reader, "hij"sv, 100);
  ASSERT_TRUE(reader.whole());
  EXPECT_EQ(text_of(reader.take()), "abcdefghij");
}

TEST(FrameReader, and_its_header_agree) {
  for (std::size_t size : {std::size_t{0}, std::size_t{0x7fffffff}, std::size_t{0x80000000}, std::size_t{1} << 40}) {
    std::array<std::byte, 12> header;
    std::size_t count = write_frame_header(size, header);
    FrameReader reader;
    (void)feed(reader, {reinterpret_cast<const char*>(header.data()), count}, 100);
    ASSERT_TRUE(reader.length_known());
    EXPECT_EQ(reader.length(), size);
  }
}

}  // namespace
}  // namespace cohort::connection
