// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/sync/system.hpp where cores are compiled over the explorer's memory (ring_model_test.cpp,
// sync_model_test.cpp): the same names, without clocks, and with faults to plant.
#pragma once

#include "cohort/base/deadline.hpp"
#include "model/word.hpp"
#include "os/futex.hpp"
#include "park/fence.hpp"
#include "park/patience.hpp"
#include "park/spin.hpp"
#include "sync/thread_word.hpp"

namespace cohort::sync {

enum class Point : std::uint8_t {
  lock_taken_slowly,
  lock_about_to_sleep,
  lock_woken,
  lock_taken_over,
  lock_released_before_wake,
  lock_wake_claimed,
  lock_giving_up,
};

/// As the library's own.
class Spin : public park::Spin {
 public:
  explicit Spin(bool beside) : park::Spin(park::kSpinBeforeSleep, beside) {}
};
using park::Patience;

struct System {
  using Word64 = model::Word<std::uint64_t>;
  using Word32 = model::Word<std::uint32_t>;
  using Spin = sync::Spin;
  using Patience = sync::Patience;

  static os::FutexWait sleep(const Word32& word, std::uint32_t expected, Deadline deadline) {
    return os::futex_wait(word, expected, deadline);
  }
  static int wake(const Word32& word, int count) { return os::futex_wake(word, count); }
  static int wake_all(const Word32& word) { return os::futex_wake_all(word); }
  static void light_fence(const ThreadSelf& self) { park::light_fence(self.fences); }
  static void heavy_fence(const ThreadSelf&) { park::heavy_fence(); }
  static bool is_dead(std::uint64_t thread, bool thorough) { return thread_is_dead(thread, thorough); }
  static void reached(Point) {}
  static bool same_processor(const ThreadSelf&, std::int32_t) { return false; }
  static void look_where(ThreadSelf&) {}
};

}  // namespace cohort::sync
