// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Codecs of sets and maps: a count, then the keys, each with its value.
#include "cohort/wire/codec_associative.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort {
namespace {

template <class Container>
void expect_same(const Container& value) {
  EXPECT_EQ(decode<Container>(encode(value)), value);
}

template <class Container>
void expect_refused(std::vector<int> bytes, DecodeLimits limits = {}) {
  std::vector<std::byte> raw;
  for (int byte : bytes) raw.push_back(static_cast<std::byte>(byte));
  EXPECT_THROW((void)decode<Container>(raw, limits), DecodeError);
}

TEST(AssociativeCodec, writes_the_count_and_then_key_and_value_in_order) {
  const std::map<char, bool> map{{'b', true}, {'a', false}};
  const auto bytes = encode(map);
  ASSERT_EQ(bytes.size(), 5U);
  EXPECT_EQ(bytes[0], std::byte{2});
  EXPECT_EQ(bytes[1], std::byte{'a'});
  EXPECT_EQ(bytes[4], std::byte{1});
  EXPECT_EQ(encode(std::set<char>{}), encode(char{0}));
}

TEST(AssociativeCodec, keeps_comparisons_and_equal_keys) {
  expect_same(std::set<int, std::greater<>>{3, 1, 2});
  expect_same(std::map<std::string, std::map<int, int>>{{"a", {{1, 2}}}, {"b", {}}});
  expect_same(std::multimap<int, char>{{1, 'b'}, {1, 'a'}, {0, 'c'}});
  expect_same(std::unordered_multiset<std::string>{"x", "x", "y"});
  expect_same(std::unordered_map<int, std::vector<int>>{{1, {1}}, {2, {}}});
}

TEST(AssociativeCodec, refuses_a_key_that_stands_twice) {
  expect_refused<std::set<char>>({2, 'a', 'a'});
  expect_refused<std::map<char, char>>({2, 'a', 1, 'a', 2});
  expect_refused<std::unordered_set<char>>({2, 'a', 'a'});
}

TEST(AssociativeCodec, refuses_counts_and_sizes_beyond_what_there_is) {
  expect_refused<std::map<char, char>>({2, 'a', 1});
  expect_refused<std::set<char>>({0xff, 0xff, 0x7f});
  expect_refused<std::set<char>>({2, 'a', 'b'}, {.memory = 20});
  expect_refused<std::set<char>>({2, 'a', 'b'}, {.items = 1});
}

TEST(AssociativeCodec, refuses_equal_keys_that_do_not_stand_together) {
  // 1, 2, 1: a run of equal keys would have to be gone over for each key of its bucket.
  std::vector<int> bytes{100};
  for (int i = 0; i < 100; ++i) bytes.push_back(i % 2);
  expect_refused<std::unordered_multiset<char>>(bytes, {.chain = 1});
}

}  // namespace
}  // namespace cohort
