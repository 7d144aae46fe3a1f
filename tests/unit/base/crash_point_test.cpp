// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Crash points in a program without them: their place costs nothing and does nothing. What they do where they are
// compiled in is shown by every test of tests/crash.
#include "base/crash_point.hpp"

#include <gtest/gtest.h>

namespace cohort {
namespace {

[[maybe_unused]] int pass() {
  COHORT_CRASH_POINT("test.unit");
  return 1;
}

TEST(CrashPoint, is_a_statement_that_leaves_the_function_as_it_is) {
  EXPECT_EQ(pass(), 1);
  if (pass() == 1)
    COHORT_CRASH_POINT("test.branch");
  else
    FAIL() << "the point is one statement";
}

}  // namespace
}  // namespace cohort
