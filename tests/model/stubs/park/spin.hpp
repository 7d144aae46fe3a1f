// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/park/spin.hpp: two looks, without a clock.
#pragma once

namespace cohort::park {

struct SpinPolicy {
  unsigned looks = 0, looks_beside = 0, pauses = 0, most_pauses = 0, looks_per_clock = 0;
  bool after_each_sleep = false, yields = false;
};
inline constexpr SpinPolicy kSpinBeforeSleep{};
inline constexpr SpinPolicy kSpinForMoment{};
inline constexpr SpinPolicy kNoSpin{};

class Spin {
 public:
  explicit Spin(const SpinPolicy&, bool = false) {}
  bool again() { return looks_-- > 0; }

 private:
  int looks_ = 1;
};

}  // namespace cohort::park
