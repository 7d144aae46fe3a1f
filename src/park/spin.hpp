// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Looking again for a short time before a sleep.
//
//   Spin spin(kSpinBeforeSleep, partner_is_here);
//   do {
//     if (look()) return true;
//   } while (spin.again());
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>

#include "cohort/base/check.hpp"
#include "cohort/base/deadline.hpp"
#include "os/cpu.hpp"
#include "os/futex.hpp"

namespace cohort::park {

/// What a sleep and wake-up across processors cost: measured 22 µs one way. No spin lasts longer.
inline constexpr std::chrono::microseconds kLongestSpin{25};

/// How to spin. Pauses between looks grow: each look takes the line from the partner, which runs faster when left alone
/// for a while.
struct SpinPolicy {
  unsigned looks = 1u << 16;  ///< at most
  /// The partner was last seen on this very processor, where it runs only once we sleep. It may have moved since
  /// without noticing, so a few looks are made all the same: they cost less than the sleep.
  unsigned looks_beside = 6;
  unsigned pauses = 1;        ///< before the second look
  unsigned most_pauses = 32;  ///< what they double to
  /// A power of two, for a mask of the looks that are left. A clock read costs as much as a few pauses; 0: none, as
  /// `looks` is bound enough.
  unsigned looks_per_clock = 8;
  bool after_each_sleep = false;  ///< also when a wake-up was in vain
  bool yields = false;  ///< gives the processor away at each look: more threads want to run than there are processors
};

/// For what somebody holds or brings.
inline constexpr SpinPolicy kSpinBeforeSleep{};
/// For a lock whose holder needs some tens of nanoseconds, a few microseconds at most. If it takes longer than this, it
/// does not run.
inline constexpr SpinPolicy kSpinForMoment{.looks = 64, .looks_beside = 1, .most_pauses = 1, .looks_per_clock = 0};

/// For what may take hours: one look more costs less than to sleep in vain, but a spin would be in vain.
inline constexpr SpinPolicy kNoSpin{.looks = 0, .looks_beside = 0};

/// One spin.
class Spin {
 public:
  /// @param beside  the partner was last seen on this processor
  explicit Spin(const SpinPolicy& policy, bool beside = false) noexcept
      : policy_(policy), left_(beside ? policy.looks_beside : policy.looks), pauses_(policy.pauses) {
    COHORT_CHECK(policy.looks_per_clock == 0 || std::has_single_bit(policy.looks_per_clock),
                 "looks_per_clock is a power of two");
  }

  /// True: look again. False: sleep.
  [[nodiscard]] bool again() noexcept {
    if (left_ == 0) return false;
    --left_;
    pause();
    if (policy_.looks_per_clock != 0 && (left_ & (policy_.looks_per_clock - 1)) == 0) {
      auto now = Deadline::Clock::now();
      if (until_ == Deadline::Clock::time_point{}) until_ = now + kLongestSpin;
      if (now >= until_) left_ = 0;
    }
    return left_ != 0;
  }

 private:
  void pause() noexcept {
    if (policy_.yields) return os::yield_processor();
    for (unsigned i = 0; i < pauses_; ++i) os::spin_pause();
    pauses_ = std::min(pauses_ * 2, policy_.most_pauses);
  }

  SpinPolicy policy_;
  unsigned left_;
  unsigned pauses_;
  Deadline::Clock::time_point until_{};
};

}  // namespace cohort::park
