// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Codecs of strings, sequences and arrays.
#include "cohort/wire/codec_containers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort {
namespace {

struct Padded {
  char tag = 0;
  std::int32_t value = 0;
  bool operator==(const Padded&) const = default;
};

template <class T>
void expect_same(const T& value) {
  EXPECT_EQ(decode<T>(encode(value)), value);
}

TEST(ContiguousCodec, writes_the_items_as_they_lie) {
  const auto bytes = encode(std::vector<std::uint16_t>{1, 2});
  EXPECT_EQ(bytes, (std::vector{std::byte{2}, std::byte{1}, std::byte{0}, std::byte{2}, std::byte{0}}));
  EXPECT_EQ(encode(std::string("ab")).size(), 3U);
}

TEST(ContiguousCodec, reads_small_and_large_ranges_of_all_kinds) {
  for (std::size_t size : {0U, 1U, 1000U, 100'000U}) {
    expect_same(std::vector<std::uint64_t>(size, 7));
    expect_same(std::vector<Padded>(size, Padded{'a', 1}));
    expect_same(std::string(size, 'x'));
    expect_same(std::u32string(size, U'é'));
    expect_same(std::vector<bool>(size, true));
  }
}

TEST(ContiguousCodec, leaves_no_padding_in_the_bytes) {
  EXPECT_EQ(encode(std::vector<Padded>(3, Padded{'a', 1})), encode(std::vector<Padded>(3, Padded{'a', 1})));
}

TEST(SequenceCodec, gives_back_items_in_order) {
  expect_same(std::deque<std::string>{"a", "b"});
  expect_same(std::list<int>{3, 1, 2});
  expect_same(std::forward_list<int>{3, 1, 2});
  expect_same(std::vector<std::vector<int>>{{1}, {}, {2, 3}});
  expect_same(std::list<std::list<int>>{});
}

TEST(SequenceCodec, charges_what_its_nodes_take) {
  const auto bytes = encode(std::list<char>(10, 'x'));
  EXPECT_NO_THROW((void)decode<std::list<char>>(bytes, {.memory = 10 * (1 + detail::kNodeBytes)}));
  EXPECT_THROW((void)decode<std::list<char>>(bytes, {.memory = 10 * (1 + detail::kNodeBytes) - 1}), DecodeError);
  EXPECT_THROW((void)decode<std::list<char>>(bytes, {.items = 9}), DecodeError);
}

TEST(BitCodec, packs_eight_to_a_byte) {
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<bool> bits(size);
    for (std::size_t i = 0; i < size; ++i) bits[i] = i % 3 == 0;
    expect_same(bits);
    EXPECT_EQ(encode(bits).size(), 1 + (size + 7) / 8);
  }
}

TEST(ArrayCodec, writes_no_count) {
  EXPECT_EQ(encode(std::array<char, 3>{}).size(), 3U);
  EXPECT_EQ(encode(std::array<int, 0>{}).size(), 1U);
  expect_same(std::array<std::string, 2>{"a", "b"});
  expect_same(std::array<std::string, 65>{"many"});
  EXPECT_THROW((void)(decode<std::array<int, 0>>(encode(char{1}))), DecodeError);
}

}  // namespace
}  // namespace cohort
