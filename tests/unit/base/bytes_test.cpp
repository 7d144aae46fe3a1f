// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Sizes with literals.
#include "cohort/base/bytes.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace cohort {
namespace {

TEST(Bytes, have_literals_of_powers_of_1024) {
  EXPECT_EQ((3_B).count, 3u);
  EXPECT_EQ((3_KiB).count, 3072u);
  EXPECT_EQ((1_MiB).count, 1048576u);
  EXPECT_EQ((2_GiB).count, 2147483648u);
}

TEST(Bytes, are_counted_and_compared) {
  EXPECT_EQ(1_KiB + 1_B, Bytes(1025));
  EXPECT_EQ(1_KiB - 1_B, 1023_B);
  EXPECT_EQ(512_B * 2, 1_KiB);
  EXPECT_LT(1023_B, 1_KiB);
  EXPECT_EQ(Bytes(), 0_B);
}

TEST(Bytes, are_never_made_of_a_bare_number) {
  static_assert(!std::is_convertible_v<int, Bytes>);
  static_assert(std::is_constructible_v<Bytes, int>);
}

}  // namespace
}  // namespace cohort
