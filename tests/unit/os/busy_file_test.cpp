// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a program file that is open for writing is tried again.
#include "os/linux/busy_file.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace cohort::os {
namespace {

// Pauses until the file is given up; `act` is called after each.
template <class Act>
int pauses(Act act) {
  BusyFile file;
  int count = 0;
  while (file.wait_a_moment()) act(++count);
  return count;
}

TEST(BusyFile, is_given_up_after_a_moment_when_nothing_is_being_born) {
  const auto begin = std::chrono::steady_clock::now();
  const int count = pauses([](int) {});
  EXPECT_GE(count, 5);
  EXPECT_LE(count, 40);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(50));
}

TEST(BusyFile, is_tried_for_longer_while_a_birth_lasts_that_was_under_way) {
  std::optional<BirthUnderWay> birth(std::in_place);
  EXPECT_GE(pauses([&](int count) {
              if (count == 60) birth.reset();
            }),
            60);
}

TEST(BusyFile, does_not_wait_for_births_that_began_later) {
  std::optional<BirthUnderWay> birth;
  EXPECT_LE(pauses([&](int count) {
              if (count == 1) birth.emplace();
            }),
            40);
}

}  // namespace
}  // namespace cohort::os
