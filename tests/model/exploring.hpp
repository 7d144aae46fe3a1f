// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the model tests share: exploring with a planted fault, and what a clean outcome is. After model/replaced.hpp.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "model/word.hpp"

namespace cohort::model {

/// Explores with the fault planted.
inline Outcome explore_with(Fault fault, const Options& options, const std::function<void(World&)>& make) {
  planted = fault;
  Outcome outcome = explore(options, make);
  planted = Fault::none;
  return outcome;
}

inline void expect_clean(const Outcome& outcome) {
  EXPECT_EQ(outcome.fault, "") << outcome.trace;
  EXPECT_EQ(outcome.healed, 0) << "a sleeper had to time out";
}

}  // namespace cohort::model
