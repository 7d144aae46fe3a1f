// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A wait that spins for a short time before its caller sleeps in the kernel.
#pragma once

#include <chrono>

#include "cohort/base/deadline.hpp"
#include "os/cpu.hpp"
#include "os/futex.hpp"

namespace cohort::detail {

/// Says for how long to go on looking: 25 µs at most, which is what a sleep and wake-up across processors cost (measured 22 µs one way).
/// Not at all when the partner was last seen on this very processor, where it can only run once we sleep. When more processes want to
/// run than there are processors, each look gives the processor away.
class SpinWait {
 public:
  /// @param here, partner  processor numbers; -1: unknown
  /// @param crowded        more processes want to run than there are processors
  SpinWait(int here, int partner, bool crowded) noexcept
      : spins_(here == partner && here >= 0 ? 0 : kMostSpins), look_at_clock_(crowded ? 4 : 32), crowded_(crowded) {}

  /// True: look again. False: sleep.
  [[nodiscard]] bool again() noexcept {
    if (spins_ == 0) return false;
    --spins_;
    if (crowded_)
      os::yield_processor();
    else
      os::spin_pause();
    // A clock read costs as much as several pauses.
    if (spins_ % look_at_clock_ == 0 && Deadline::Clock::now() >= until()) spins_ = 0;
    return spins_ != 0;
  }

 private:
  static constexpr unsigned kMostSpins = 1u << 20;
  Deadline::Clock::time_point until() noexcept {
    if (until_ == Deadline::Clock::time_point{}) until_ = Deadline::Clock::now() + std::chrono::microseconds(25);
    return until_;
  }

  unsigned spins_;
  unsigned look_at_clock_;
  bool crowded_;
  Deadline::Clock::time_point until_{};
};

}  // namespace cohort::detail
