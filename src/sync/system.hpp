// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the cores of the sync layer stand on: words, sleeping, fences, death. A core is a template over this, so that the
// model test can put simulated words, sleepers and deaths in its place (tests/unit/sync/model.hpp).
#pragma once

#include <atomic>
#include <cstdint>

#include "cohort/base/deadline.hpp"
#include "os/cpu.hpp"
#include "os/futex.hpp"
#include "park/fence.hpp"
#include "park/patience.hpp"
#include "park/spin.hpp"
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
};

#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS
void reach(Point point) noexcept;
#else
inline void reach(Point) noexcept {}
#endif

/// As park::Spin, for who waits for a holder.
class Spin : public park::Spin {
 public:
  explicit Spin(bool beside) noexcept : park::Spin(park::kSpinBeforeSleep, beside) {}
};
using park::Patience;

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
  static void light_fence(const ThreadSelf& self) noexcept { park::light_fence(self.fences); }
  /// The fence of who is about to sleep.
  static void heavy_fence(const ThreadSelf&) noexcept { park::heavy_fence(); }
  static bool is_dead(std::uint64_t thread, bool thorough) noexcept { return thread_is_dead(thread, thorough); }
  static void reached(Point point) noexcept { reach(point); }
  static bool same_processor(const ThreadSelf& self, std::int32_t holder) noexcept {
    return holder >= 0 && self.cpu == holder;
  }
  static void look_where(ThreadSelf& self) noexcept { self.cpu = os::current_cpu(); }
};

}  // namespace cohort::sync
