// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a sleep lasts before the sleeper looks for itself.
#include "park/patience.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace cohort::park {
namespace {

using namespace std::chrono_literals;

// The next sleep in whole milliseconds.
long next(const Patience& patience) {
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(*patience.next().remaining()).count());
}

TEST(Patience, begins_with_a_millisecond_and_doubles_to_fifty) {
  Patience patience;
  for (long expected : {1, 2, 4, 8, 16, 32, 50, 50, 50}) {
    EXPECT_LE(next(patience), expected);
    EXPECT_GE(next(patience) + 1, expected) << "as little as a look at the clock takes";
    patience.lengthen();
  }
}

TEST(Patience, of_who_may_wait_for_hours_is_the_longest_from_the_beginning) {
  Patience idle = Patience::of_an_idle_waiter();
  Patience rest = Patience::of_a_rest();
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(next(idle), kLongestSleep.count());
    EXPECT_GT(next(idle), kLongestSleep.count() / 2);
    EXPECT_LE(next(rest), kLongestRest.count());
    EXPECT_GT(next(rest), kLongestRest.count() / 2);
    idle.lengthen();
    rest.lengthen();
  }
}

TEST(Patience, looks_closer_after_four_sleeps_and_closest_at_every_fourth_from_the_eighth_on) {
  Patience patience;
  for (unsigned sleeps = 0; sleeps < 20; ++sleeps) {
    EXPECT_EQ(patience.looks_closer(), sleeps >= 4) << sleeps;
    EXPECT_EQ(patience.looks_closest(), sleeps >= 8 && sleeps % 4 == 0) << sleeps;
    patience.lengthen();
  }
}

}  // namespace
}  // namespace cohort::park
