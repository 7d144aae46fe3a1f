// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the standard library calls of a lock: time points of any clock are deadlines.
#include "cohort/sync/std_lockable.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace cohort::detail {
namespace {

using namespace std::chrono_literals;

TEST(DeadlineAt, keeps_a_point_of_the_monotonic_clock_as_it_is) {
  const auto point = std::chrono::steady_clock::now() + 1h;
  EXPECT_EQ(deadline_at(point).monotonic_nanoseconds(), Deadline(point).monotonic_nanoseconds());
  const auto coarse = std::chrono::time_point_cast<std::chrono::seconds>(point);
  EXPECT_EQ(deadline_at(coarse).monotonic_nanoseconds(),
            Deadline(Deadline::Clock::time_point(coarse)).monotonic_nanoseconds());
}

TEST(DeadlineAt, of_another_clock_is_as_far_away_as_that_clock_says) {
  const Deadline deadline = deadline_at(std::chrono::system_clock::now() + 1h);
  EXPECT_LE(*deadline.remaining(), 1h);
  EXPECT_GT(*deadline.remaining(), 59min);
  EXPECT_TRUE(deadline_at(std::chrono::system_clock::now() - 1s).expired());
}

}  // namespace
}  // namespace cohort::detail
