// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/size_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cohort::family {
namespace {

TEST(SizeText, takes_digits_and_one_unit) {
  EXPECT_EQ(parse_size("1048576"), 1048576u);
  EXPECT_EQ(parse_size("512M"), std::uint64_t{512} << 20);
  EXPECT_EQ(parse_size("3k"), 3072u);
  EXPECT_EQ(parse_size("2G"), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_size("16t"), std::uint64_t{16} << 40);
  EXPECT_EQ(parse_size("18446744073709551615"), UINT64_MAX);
}

TEST(SizeText, refuses_blanks_signs_and_anything_behind) {
  for (const char* text : {"", " ", " 1", "1 ", "-1", " -1", "+1", "0", "0K", "K", "1MM", "1B", "0x10", "1.5G", "1e9"})
    EXPECT_EQ(parse_size(text), std::nullopt) << '\'' << text << '\'';
  EXPECT_EQ(parse_size(std::string("1\0", 2)), std::nullopt);
}

TEST(SizeText, refuses_what_64_bits_do_not_hold) {
  EXPECT_EQ(parse_size("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_size("18014398509481984K"), std::nullopt);
  EXPECT_EQ(parse_size("18014398509481983K"), std::uint64_t{18014398509481983} << 10);
  EXPECT_EQ(parse_size("16777216T"), std::nullopt);
}

}  // namespace
}  // namespace cohort::family
