// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Codecs of the rest of the standard library: what may be absent, one of several, owned, or a path.
#include "cohort/wire/codec_standard.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort {
namespace {

template <class T>
void expect_same(const T& value) {
  EXPECT_EQ(decode<T>(encode(value)), value);
}

template <class T>
void expect_refused(std::vector<int> bytes) {
  std::vector<std::byte> raw;
  for (int byte : bytes) raw.push_back(static_cast<std::byte>(byte));
  EXPECT_THROW((void)decode<T>(raw), DecodeError);
}

TEST(StandardCodec, tells_nothing_from_something_by_one_byte) {
  EXPECT_EQ(encode(std::optional<char>()).size(), 1U);
  EXPECT_EQ(encode(std::optional<char>('x')).size(), 2U);
  expect_same(std::optional<std::optional<int>>{std::optional<int>{}});
  expect_refused<std::optional<char>>({2, 'x'});
}

TEST(StandardCodec, names_the_alternative_of_a_variant) {
  using Either = std::variant<int, std::string, int>;
  expect_same(Either(std::in_place_index<2>, 4));
  expect_same(Either("text"));
  expect_refused<std::variant<char, bool>>({2, 0});
  struct Throws {
    operator int() const { throw 1; }  // NOLINT(google-explicit-constructor): emplace converts
  };
  std::variant<char, int> valueless;
  EXPECT_THROW(valueless.emplace<1>(Throws()), int);
  if (valueless.valueless_by_exception()) { EXPECT_THROW((void)encode(valueless), EncodeError); }
}

TEST(StandardCodec, sends_what_a_pointer_owns) {
  auto back = decode<std::unique_ptr<std::string>>(encode(std::make_unique<std::string>("x")));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, "x");
  EXPECT_EQ(decode<std::shared_ptr<int>>(encode(std::shared_ptr<int>())), nullptr);
  const auto one = std::make_shared<int>(3);
  const auto two = decode<std::pair<std::shared_ptr<int>, std::shared_ptr<int>>>(encode(std::pair(one, one)));
  EXPECT_EQ(*two.first, 3);
  EXPECT_NE(two.first, two.second) << "they do not share what the originals did";
}

TEST(StandardCodec, puts_the_parts_of_tuples_side_by_side) {
  EXPECT_EQ(encode(std::tuple('a', 'b')), encode(std::pair('a', 'b')));
  expect_same(std::tuple<int, std::string, std::tuple<>>{1, "x", {}});
}

TEST(StandardCodec, keeps_paths_and_bits) {
  expect_same(std::filesystem::path("/tmp/a b/\xff"));
  expect_same(std::bitset<9>(0x155));
  expect_refused<std::bitset<3>>({0x08});
}

}  // namespace
}  // namespace cohort
