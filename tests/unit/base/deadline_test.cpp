// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/deadline.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace cohort {
namespace {

using namespace std::chrono_literals;

TEST(Deadline, is_never_by_default) {
  EXPECT_TRUE(Deadline().is_never());
  EXPECT_FALSE(Deadline().expired());
  EXPECT_FALSE(Deadline().remaining());
  EXPECT_EQ(Deadline().poll_timeout(), -1);
}

TEST(Deadline, is_expired_when_made_of_now_or_of_a_negative_duration) {
  for (Deadline deadline : {Deadline::now(), Deadline(-1ns), Deadline(std::chrono::hours::min())}) {
    EXPECT_TRUE(deadline.expired());
    EXPECT_EQ(deadline.remaining(), 0ns);
    EXPECT_EQ(deadline.poll_timeout(), 0);
  }
}

TEST(Deadline, is_never_when_the_duration_is_too_long_for_the_clock) {
  EXPECT_TRUE(Deadline(std::chrono::hours::max()).is_never());
  EXPECT_TRUE(Deadline(std::chrono::duration<double>(1e300)).is_never());
}

TEST(Deadline, is_a_time_point_of_the_monotonic_clock_of_any_precision) {
  const auto now = Deadline::Clock::now();
  EXPECT_EQ(Deadline(now).monotonic_nanoseconds(), now.time_since_epoch().count());
  const auto coarse = std::chrono::time_point_cast<std::chrono::seconds>(now);
  EXPECT_EQ(Deadline(coarse).monotonic_nanoseconds(), std::chrono::nanoseconds(coarse.time_since_epoch()).count());
}

TEST(Deadline, rounds_what_poll_is_told_up) {
  EXPECT_GE(Deadline(1h).poll_timeout(), 3'500'000);
  EXPECT_EQ(Deadline(1ns).poll_timeout() <= 1, true);
}

TEST(Deadline, compares_as_the_earlier_and_the_later_of_two) {
  const Deadline soon = 1s;
  const Deadline late = 1h;
  EXPECT_EQ(Deadline::earlier(late, soon).monotonic_nanoseconds(), soon.monotonic_nanoseconds());
  EXPECT_EQ(Deadline::later(late, soon).monotonic_nanoseconds(), late.monotonic_nanoseconds());
  EXPECT_TRUE(Deadline::later(soon, Deadline::never()).is_never());
}

}  // namespace
}  // namespace cohort
