// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Looks for members that died unnoticed, from within a wait that only their death may end.
#pragma once

#include <algorithm>
#include <chrono>

#include "family/family.hpp"
#include "family/lock.hpp"
#include "park/patience.hpp"

namespace cohort::watch {

using park::kLongestSleep;

/// One wait's looks: so often at the most, and for no more than a thousandth of the time.
class DeathWatch {
 public:
  explicit DeathWatch(std::chrono::milliseconds between = std::chrono::milliseconds(90)) noexcept : between_(between) {}

  /// As park::Hooks::overdue: the wait goes on, as what a death leads to shows by itself.
  bool operator()(const park::Patience&) noexcept {
    look();
    return false;
  }
  /// Looks when it is time to. Never throws.
  void look() noexcept {
    auto now = std::chrono::steady_clock::now();
    if (next_ == std::chrono::steady_clock::time_point{}) {
      next_ = now + between_;
      return;
    }
    if (now < next_) return;
    try {
      // The wait has a deadline, and whoever holds a lock that the repairs need may be stopped.
      family::LockDeadline soon(Deadline::now());
      family::Family::instance().sweep();
    } catch (...) {  // NOLINT(bugprone-empty-catch)
      // Out of memory, or the family was left: the wait itself will tell.
    }
    auto after = std::chrono::steady_clock::now();
    next_ = after + std::max<std::chrono::steady_clock::duration>(between_, (after - now) * 1000);
  }

 private:
  std::chrono::milliseconds between_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace cohort::watch
