// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/optional_int.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <type_traits>

namespace cohort {
namespace {

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

TEST(OptionalInt, is_printed_as_the_number_or_none) {
  EXPECT_EQ(printed(OptionalInt()), "None");
  EXPECT_EQ(printed(OptionalInt(0)), "0");
  EXPECT_EQ(printed(OptionalInt(-9)), "-9");
}

// What a program did with the optional goes on as it was.
TEST(OptionalInt, behaves_as_an_optional) {
  const OptionalInt none;
  const OptionalInt three = 3;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.has_value());
  EXPECT_TRUE(three);
  EXPECT_EQ(three.value(), 3);
  EXPECT_EQ(*three, 3);
  EXPECT_EQ(three.value_or(7), 3);
  EXPECT_EQ(none.value_or(7), 7);
  EXPECT_THROW((void)none.value(), std::bad_optional_access);
  std::optional<int> copy = three;
  EXPECT_EQ(copy, 3);
  copy = none;
  EXPECT_FALSE(copy);
  std::optional<int> direct(three);
  EXPECT_EQ(direct, 3);
  OptionalInt assigned = none;
  assigned = 4;
  EXPECT_EQ(assigned, 4);
  assigned = std::nullopt;
  EXPECT_EQ(assigned, std::nullopt);
  static_assert(std::is_same_v<decltype(true ? three : std::optional<int>()), std::optional<int>>);
  static_assert(!std::is_convertible_v<OptionalInt, int> && !std::is_convertible_v<OptionalInt, bool>);
}

TEST(OptionalInt, compares_with_numbers_and_optionals_from_both_sides) {
  const OptionalInt none;
  const OptionalInt zero = 0;
  EXPECT_TRUE(zero == 0 && 0 == zero && zero != 1 && 1 != zero);
  EXPECT_TRUE(none != 0 && 0 != none && none != zero && none == OptionalInt());
  EXPECT_TRUE(none == std::nullopt && std::nullopt == none && zero != std::nullopt && std::nullopt != zero);
  EXPECT_TRUE(none == std::optional<int>() && std::optional<int>() == none);
  EXPECT_TRUE(zero == std::optional<int>(0) && std::optional<int>(0) == zero);
  EXPECT_TRUE(none != std::optional<int>(0) && std::optional<int>(0) != none && zero != std::optional<int>());
  EXPECT_TRUE(none < zero && zero < 1 && -1 < zero && none < std::optional<int>(0) && std::optional<int>() < zero);
}

}  // namespace
}  // namespace cohort
