// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/object/message_encoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cohort/base/error.hpp"
#include "family/family.hpp"

namespace cohort::object {
namespace {

std::uint64_t blocks() { return family::Family::instance().statistics().blocks; }

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7);
  return bytes;
}

TEST(MessageEncoder, fills_its_place_first) {
  const std::uint64_t before = blocks();
  std::byte place[64];
  MessageEncoder out(place);
  out.write(pattern(64));
  EXPECT_EQ(out.block(), 0U);
  EXPECT_EQ(out.bytes().data(), place);
  EXPECT_TRUE(std::ranges::equal(out.bytes(), pattern(64)));
  EXPECT_FALSE(out.take_block());
  EXPECT_EQ(blocks(), before);
}

TEST(MessageEncoder, goes_over_to_a_block_that_holds_the_whole_message) {
  const std::uint64_t before = blocks();
  std::byte place[64];
  for (std::size_t step : {1U, 63U, 1000U, 100'000U}) {
    MessageEncoder out(place);
    const auto message = pattern(200'000);
    for (std::size_t at = 0; at < message.size(); at += step)
      out.write(std::span(message).subspan(at, std::min(step, message.size() - at)));
    EXPECT_TRUE(std::ranges::equal(out.bytes(), message)) << step;
    const std::uint64_t block = out.block();
    Block taken = out.take_block();
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.offset(), block);
    EXPECT_EQ(blocks(), before + 1);
  }
  EXPECT_EQ(blocks(), before);
}

TEST(MessageEncoder, takes_one_block_where_the_size_was_told) {
  const std::uint64_t before = blocks();
  MessageEncoder out(std::span<std::byte>{});
  out.reserve(100'000);
  const std::uint64_t block = out.block();
  EXPECT_NE(block, 0U);
  out.write(pattern(100'000));
  EXPECT_EQ(out.block(), block);
  EXPECT_EQ(blocks(), before + 1);
}

TEST(MessageEncoder, keeps_what_it_had_when_there_is_no_room) {
  std::byte place[64];
  MessageEncoder out(place);
  out.write(pattern(60));
  EXPECT_THROW(out.reserve(std::size_t{1} << 60), OutOfFamilyMemory);
  EXPECT_TRUE(std::ranges::equal(out.bytes(), pattern(60)));
}

}  // namespace
}  // namespace cohort::object
