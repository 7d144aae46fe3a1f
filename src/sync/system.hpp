// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the cores of the sync layer stand on: words, sleeping, fences, death. A core is a template over this, so that the
// model test can put simulated words, sleepers and deaths in its place (tests/unit/sync/model.hpp).
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "cohort/base/deadline.hpp"
#include "os/barrier.hpp"
#include "os/cpu.hpp"
#include "os/futex.hpp"
#include "sync/thread_word.hpp"

namespace cohort::sync {

/// The places of the cores at which a test may kill the process; names in crash_points.cpp.
enum class Point : std::uint8_t {
  lock_taken_slowly,
  lock_about_to_sleep,
  lock_woken,
  lock_taken_over,
  lock_released_before_wake,
  lock_wake_claimed,
  lock_giving_up,
  semaphore_taken_slowly,
  semaphore_about_to_sleep,
  semaphore_released_before_wake,
  semaphore_wake_claimed,
  semaphore_taken_over,
  semaphore_told_of_death,
  event_set_before_wake,
};

#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS
void reach(Point point) noexcept;
#else
inline void reach(Point) noexcept {}
#endif

/// Looks for at most 25 µs, which is what a sleep and wake-up across processors cost (measured 22 µs one way). Pauses
/// between looks grow: each look takes the line from the holder, who runs faster when left alone for a while.
class Spin {
 public:
  /// @param useless  the holder was last seen on this very processor, where it runs only once we sleep. It may have moved since
  ///                 without noticing, so a few looks are made all the same: they cost less than the sleep.
  explicit Spin(bool useless) noexcept : left_(useless ? kFewLooks : kMostLooks) {}

  /// True: look again. False: sleep.
  [[nodiscard]] bool again() noexcept {
    if (left_ == 0) return false;
    --left_;
    for (unsigned i = 0; i < pauses_; ++i) os::spin_pause();
    pauses_ = std::min(pauses_ * 2, kMostPauses);
    // A clock read costs as much as a few pauses.
    if (left_ % 8 == 0) {
      auto now = Deadline::Clock::now();
      if (until_ == Deadline::Clock::time_point{}) until_ = now + std::chrono::microseconds(25);
      if (now >= until_) left_ = 0;
    }
    return left_ != 0;
  }

 private:
  static constexpr unsigned kMostLooks = 1u << 16;
  static constexpr unsigned kFewLooks = 6;
  static constexpr unsigned kMostPauses = 32;
  unsigned left_;
  unsigned pauses_ = 1;
  Deadline::Clock::time_point until_{};
};

/// The bounded waits: 1 ms, doubling to 50 ms. No death and no lost wake-up is waited for longer.
class Patience {
 public:
  /// When to look again, at the latest.
  [[nodiscard]] Deadline next() const noexcept { return Deadline(limit_); }
  /// A wait ended without a wake-up.
  void lengthen() noexcept {
    limit_ = std::min(limit_ * 2, kLongest);
    ++waits_;
  }
  /// From 15 ms on: also look for what is rare and takes some 10 µs to see.
  [[nodiscard]] bool looks_closer() const noexcept { return waits_ >= 4; }
  /// From 200 ms on, and every 200 ms: also look for what takes 60 µs to see.
  [[nodiscard]] bool looks_closest() const noexcept { return waits_ >= 8 && waits_ % 4 == 0; }

 private:
  static constexpr std::chrono::milliseconds kLongest{50};
  std::chrono::milliseconds limit_{1};
  unsigned waits_ = 0;
};

/// The real thing.
struct System {
  using Word64 = std::atomic<std::uint64_t>;
  using Word32 = std::atomic<std::uint32_t>;
  using Spin = sync::Spin;
  using Patience = sync::Patience;

  static os::FutexWait sleep(const Word32& word, std::uint32_t expected, Deadline deadline) noexcept {
    return os::futex_wait(word, expected, deadline);
  }
  static int wake(const Word32& word, int count) noexcept { return os::futex_wake(word, count); }
  static int wake_all(const Word32& word) noexcept { return os::futex_wake_all(word); }
  /// The fence of the frequent side: orders a store before a load that follows, together with heavy_fence() of the
  /// other side. An instruction only where the system has no remote fences.
  static void light_fence(const ThreadSelf& self) noexcept {
    // SYNC(sleepers): this fence -> heavy_fence() of who is about to sleep: either we see the sleeper or it sees us
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (self.fences) [[unlikely]]
      full_fence();
  }
  /// The fence of who is about to sleep.
  static void heavy_fence(const ThreadSelf&) noexcept { os::remote_fence(); }
  static bool is_dead(std::uint64_t thread, bool thorough) noexcept { return thread_is_dead(thread, thorough); }
  static bool member_is_dead(std::uint64_t member, bool thorough) noexcept {
    return sync::member_is_dead(member, thorough);
  }
  static void reached(Point point) noexcept { reach(point); }
  static bool same_processor(const ThreadSelf& self, std::int32_t holder) noexcept {
    return holder >= 0 && self.cpu == holder;
  }
  static void look_where(ThreadSelf& self) noexcept { self.cpu = os::current_cpu(); }

 private:
  static void full_fence() noexcept;
};

}  // namespace cohort::sync
