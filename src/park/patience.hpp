// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a sleep on a shared word lasts before the sleeper looks for itself: nobody is told anything by a death, and
// a wake-up that was lost with one is made up for by the look.
#pragma once

#include <algorithm>
#include <chrono>

#include "cohort/base/deadline.hpp"

namespace cohort::park {

/// No sleep of a caller on a word that processes share lasts longer, so that no death and no lost wake-up is waited for
/// longer.
inline constexpr std::chrono::milliseconds kLongestSleep{100};
/// The same for those whom a process that notices deaths wakes itself: only the last resort, so that many may rest.
inline constexpr std::chrono::milliseconds kLongestRest{1000};

/// The bounded sleeps of one wait: 1 ms, doubling to 50 ms, where a holder may have died; kLongestSleep from the first
/// on where one may wait for hours.
class Patience {
 public:
  constexpr Patience() noexcept = default;
  /// For who waits for something to be made, not for a holder.
  [[nodiscard]] static constexpr Patience of_an_idle_waiter() noexcept {
    return Patience(kLongestSleep, kLongestSleep);
  }

  /// For who is woken by the one that notices deaths.
  [[nodiscard]] static constexpr Patience of_a_rest() noexcept { return Patience(kLongestRest, kLongestRest); }

  /// When to look again, at the latest.
  [[nodiscard]] Deadline next() const noexcept { return Deadline(limit_); }
  /// A sleep ended without a wake-up.
  void lengthen() noexcept {
    limit_ = std::min(limit_ * 2, longest_);
    ++waits_;
  }
  /// From 15 ms on: also look for what is rare and takes some 10 µs to see.
  [[nodiscard]] bool looks_closer() const noexcept { return waits_ >= 4; }
  /// From 200 ms on, and every 200 ms: also look for what takes 60 µs to see.
  [[nodiscard]] bool looks_closest() const noexcept { return waits_ >= 8 && waits_ % 4 == 0; }

 private:
  constexpr Patience(std::chrono::milliseconds first, std::chrono::milliseconds longest) noexcept
      : limit_(first), longest_(longest) {}

  std::chrono::milliseconds limit_{1};
  std::chrono::milliseconds longest_{50};
  unsigned waits_ = 0;
};

}  // namespace cohort::park
