// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Looking again for a short time: how many looks, how long, and when it is not worth one.
#include "park/spin.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace cohort::park {
namespace {

// Looks after the first one.
int looks(const SpinPolicy& policy, bool beside = false) {
  Spin spin(policy, beside);
  int count = 0;
  while (spin.again()) ++count;
  return count;
}

TEST(Spin, makes_as_many_looks_as_its_policy_allows_the_first_included) {
  EXPECT_EQ(looks({.looks = 10, .looks_per_clock = 0}), 9);
  EXPECT_EQ(looks({.looks = 1, .looks_per_clock = 0}), 0);
  EXPECT_EQ(looks(kNoSpin), 0);
  EXPECT_EQ(looks(kNoSpin, true), 0);
}

TEST(Spin, looks_less_often_beside_a_partner_that_waits_for_this_processor) {
  EXPECT_EQ(looks({.looks = 100, .looks_beside = 3, .looks_per_clock = 0}, true), 2);
  EXPECT_EQ(looks({.looks = 100, .looks_beside = 3, .looks_per_clock = 0}, false), 99);
  EXPECT_LE(looks(kSpinForMoment, true), 1);
}

TEST(Spin, ends_by_the_clock_long_before_its_looks_are_used_up) {
  const auto begin = std::chrono::steady_clock::now();
  const int count = looks(kSpinBeforeSleep);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, kLongestSpin);
  EXPECT_LT(count, static_cast<int>(kSpinBeforeSleep.looks) - 1);
}

TEST(Spin, may_give_the_processor_away_instead_of_pausing) {
  EXPECT_EQ(looks({.looks = 20, .looks_per_clock = 0, .yields = true}), 19);
}

TEST(SpinDeathTest, refuses_an_interval_that_no_mask_has) {
  EXPECT_DEATH(Spin(SpinPolicy{.looks_per_clock = 12}), "power of two");
}

}  // namespace
}  // namespace cohort::park
