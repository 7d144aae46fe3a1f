// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Where encoded bytes go: given memory first, then the heap; what comes beside them.
#include "cohort/wire/encoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/wire/codec.hpp"

namespace cohort {
namespace {

using Bytes = std::vector<std::byte>;

TEST(SpanEncoder, fills_the_given_memory_first) {
  std::array<std::byte, 16> record{};
  SpanEncoder out(record);
  out.write_raw(std::int64_t{1});
  out.write_raw(std::int64_t{2});
  EXPECT_FALSE(out.spilled());
  EXPECT_EQ(out.size(), 16U);
  EXPECT_EQ(record.at(8), std::byte{2});
  EXPECT_TRUE(out.take_spill().empty());
}

TEST(SpanEncoder, spills_the_whole_message_when_the_given_memory_is_too_small) {
  const std::vector<std::string> words(100, "a word of some length");
  const Bytes whole = encode(words);
  for (std::size_t size : {0U, 1U, 7U, 100U, 4000U}) {
    Bytes record(size);
    SpanEncoder out(record);
    Codec<std::vector<std::string>>::encode(out, words);
    EXPECT_EQ(out.spilled(), size < whole.size());
    EXPECT_EQ(out.size(), whole.size());
    if (out.spilled()) {
      EXPECT_EQ(out.take_spill(), whole);
      EXPECT_EQ(out.size(), 0U);
    } else {
      EXPECT_TRUE(std::equal(whole.begin(), whole.end(), record.begin()));
    }
  }
}

TEST(VectorEncoder, can_be_looked_into_and_used_again) {
  VectorEncoder out;
  Bytes expected;
  for (int i = 0; i < 1000; ++i) {
    out.write_raw(i);
    const Bytes one = encode(i);
    expected.insert(expected.end(), one.begin(), one.end());
    if (i % 97 == 0) { EXPECT_TRUE(std::ranges::equal(out.bytes(), expected)); }
  }
  EXPECT_EQ(out.size(), expected.size());
  EXPECT_EQ(out.take(), expected);
  EXPECT_EQ(out.size(), 0U);
  out.write_raw('x');
  out.clear();
  out.write_raw('y');
  EXPECT_EQ(out.take(), Bytes{std::byte{'y'}});
}

TEST(VectorEncoder, takes_more_than_it_gathers_in_one_piece_and_nothing_at_all) {
  VectorEncoder out;
  const Bytes large(5000, std::byte{7});
  out.write({});
  out.write(large);
  out.write_raw(std::uint8_t{8});
  EXPECT_EQ(out.size(), 5001U);
  EXPECT_EQ(out.bytes()[4999], std::byte{7});
  EXPECT_EQ(out.bytes()[5000], std::byte{8});
}

TEST(Encoder, claims_room_in_one_piece_or_not_at_all) {
  std::array<std::byte, 4> record{};
  SpanEncoder out(record);
  std::byte* place = out.try_claim(3);
  ASSERT_EQ(place, record.data());
  EXPECT_EQ(out.size(), 3U);
  EXPECT_EQ(out.try_claim(2), nullptr);
  EXPECT_EQ(out.size(), 3U) << "nothing was taken";
}

TEST(Encoder, writes_counts_in_as_few_bytes_as_they_need) {
  const auto size_of = [](std::size_t count) {
    VectorEncoder out;
    out.write_count(count);
    return out.size();
  };
  EXPECT_EQ(size_of(0), 1U);
  EXPECT_EQ(size_of(127), 1U);
  EXPECT_EQ(size_of(128), 2U);
  EXPECT_EQ(size_of((std::size_t{1} << 14) - 1), 2U);
  EXPECT_EQ(size_of(SIZE_MAX), 10U);
}

TEST(Encoder, keeps_shared_objects_until_somebody_takes_them) {
  VectorEncoder out;
  EXPECT_FALSE(out.has_attachments());
  auto keep = std::make_shared<int>(1);
  out.attach({.object = 64, .keep = keep});
  EXPECT_TRUE(out.has_attachments());
  const auto taken = out.take_attachments();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].object, 64U);
  EXPECT_TRUE(out.take_attachments().empty());
}

TEST(EncodedItems, have_a_byte_each) {
  VectorEncoder out;
  const detail::EncodedItems items(out, 2);
  EXPECT_EQ(out.size(), 1U) << "the number";
  out.write_raw('a');
  EXPECT_THROW(items.expect_a_byte_each(), EncodeError);
  out.write_raw('b');
  items.expect_a_byte_each();
}

}  // namespace
}  // namespace cohort
