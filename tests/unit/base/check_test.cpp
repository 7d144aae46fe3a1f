// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Checks of our own invariants: a failed one says where and what, and aborts.
#include "cohort/base/check.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cohort {
namespace {

TEST(CheckDeathTest, that_fails_names_its_place_its_text_and_the_reason) {
  EXPECT_DEATH(COHORT_CHECK(1 == 2, "numbers went wrong"),
               "cohort: .*check_test.cpp:[0-9]+: check failed: 1 == 2 \\(numbers went wrong\\)");
}

TEST(CheckDeathTest, with_a_message_of_any_length_ends_in_one_line) {
  const std::string long_text(5000, 'x');
  EXPECT_DEATH(detail::check_failed("file.cpp", 7, "condition", long_text.c_str()),
               "file.cpp:7: check failed: condition");
}

TEST(Check, that_holds_evaluates_its_condition_once) {
  int evaluated = 0;
  COHORT_CHECK(++evaluated == 1, "once");
  EXPECT_EQ(evaluated, 1);
}

}  // namespace
}  // namespace cohort
