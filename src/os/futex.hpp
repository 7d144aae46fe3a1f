// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: sleep on a 32-bit word that several processes share, and wake who sleeps there.
//
// The word must lie in shared memory; the address may differ between processes. Never the process-private form:
// std::atomic::wait uses that and does not wake another process.
#pragma once

#include <atomic>
#include <cstdint>

#include "cohort/base/deadline.hpp"

namespace cohort::os {

enum class FutexWait {
  woken,      ///< woken, or a spurious return: look at the word again
  changed,    ///< the word did not have the expected value
  timed_out,  ///< the deadline passed
};

/// Sleeps while `word` has the value `expected`, until woken or `deadline`. Interrupted waits are repeated.
FutexWait futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Deadline deadline) noexcept;
/// Wakes up to `count` sleepers; returns how many. 0.25 µs when nobody sleeps.
int futex_wake(const std::atomic<std::uint32_t>& word, int count) noexcept;
/// Wakes all sleepers.
int futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept;

/// One step of a spin wait: tells the core that this is one.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace cohort::os
