// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting until a side of a ring has gone on: a short spin, then sleep. docs/formats/queue.md, "The lock".
#pragma once

#include <cstdint>

#include "cohort/base/function_ref.hpp"
#include "park/wait_word.hpp"
#include "ring/side_lock.hpp"

namespace cohort::ring {

/// One wait of a caller, over as many attempts as it takes.
class RingWait {
 public:
  using Overdue = park::Hooks::Overdue;

  /// @param side    whose progress is waited for
  /// @param pauses  between two looks: more spare the other side, fewer find its progress sooner
  RingWait(RingSide& side, const Until& until, unsigned pauses = 1) noexcept
      : side_(side), until_(until), pauses_(pauses) {}
  RingWait(const RingWait&) = delete;
  RingWait& operator=(const RingWait&) = delete;

  /// Waits until `ready`. False: the deadline has passed, or a stop was requested.
  /// @param overdue  as in park::Hooks
  [[nodiscard]] bool again(FunctionRef<bool()> ready, Overdue overdue = park::Hooks::kNothingOverdue);
  /// The caller has what it waited for. Passes the waking on when it has slept: others may sleep for the same, and are
  /// woken when `more` says that there is something for them.
  void finish(FunctionRef<bool()> more) noexcept {
    if (slept_) [[unlikely]]
      pass_on(more);
  }

 private:
  void pass_on(FunctionRef<bool()> more) noexcept;

  RingSide& side_;
  const Until& until_;
  unsigned pauses_;
  bool slept_ = false;
};

}  // namespace cohort::ring
