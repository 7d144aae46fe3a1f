// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A word in shared memory that one process posts and another takes: the least that any hand-over costs.
#pragma once

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace measure {

inline void pause_in_spin() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

inline long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  return ::syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

class FutexWord {
 public:
  /// Sets the word; a system call only when the other side sleeps.
  void post() {
    if (word_.exchange(1) == 2) futex(word_, FUTEX_WAKE, 1);
  }
  /// Waits until the word is set, looking `spins` times before it sleeps, and clears it.
  void take(int spins) {
    for (int i = 0; i < spins; ++i) {
      if (word_.load() == 1) break;
      pause_in_spin();
    }
    while (word_.load() != 1) {
      std::uint32_t none = 0;
      if (word_.compare_exchange_strong(none, 2) || none == 2) futex(word_, FUTEX_WAIT, 2);
    }
    word_.store(0);
  }

 private:
  alignas(128) std::atomic<std::uint32_t> word_{0};
};

/// Where processes meet before the clock starts.
class Gate {
 public:
  void meet(std::uint32_t count) {
    arrived_.fetch_add(1);
    while (arrived_.load() < count) ::sched_yield();
  }

 private:
  alignas(128) std::atomic<std::uint32_t> arrived_{0};
};

}  // namespace measure
