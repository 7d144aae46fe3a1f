// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The two fences of waiting. Who sleeps stores a mark and then looks whether there is something; who has something
// stores it and then looks for the mark. Each needs a fence between its store and its look, and the one that is about
// to sleep pays for both.
#pragma once

#include <atomic>

#include "os/barrier.hpp"

namespace cohort::park {

/// Which two meet.
enum class Fences : unsigned char {
  light_and_heavy,  ///< the rule: light_fence() of who wakes, heavy_fence() of who sleeps
  both_full,        ///< both by an instruction, where a sleep comes as often as a wake-up
};

/// A fence by an instruction, where the other side's does not reach.
void full_fence() noexcept;

/// The fence of the frequent side: orders a store before a load that follows, together with heavy_fence() of the other
/// side.
/// An instruction only where the system has no remote fences.
/// @param full  this thread's process has no remote fences
inline void light_fence(bool full) noexcept {
  // SYNC(sleepers): this fence -> heavy_fence() of who is about to sleep: either we see the sleeper or it sees us
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (full) [[unlikely]]
    full_fence();
}

/// The fence of who is about to sleep. 0.4 µs.
inline void heavy_fence() noexcept { os::remote_fence(); }

}  // namespace cohort::park
