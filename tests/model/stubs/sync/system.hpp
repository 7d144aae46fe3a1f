// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/sync/system.hpp where cores are compiled over the explorer's memory (ring_model_test.cpp,
// sync_model_test.cpp): the same names, without clocks, and with faults to plant.
#pragma once

#include "cohort/base/deadline.hpp"
#include "model/explorer.hpp"
#include "os/futex.hpp"
#include "sync/thread_word.hpp"

namespace cohort::model {

/// What may be planted in the environment of a core.
enum class Fault {
  none,
  no_heavy_fence,
  no_wake,
  weak_release,
  weak_acquire,
  no_death_seen,
  weak_commit,
  weak_look,
  early_commit
};
inline Fault planted = Fault::none;

/// A word whose orders are weakened when that is planted.
template <class T>
class Word : public Atomic<T> {
  using Base = Atomic<T>;
  static std::memory_order weak(std::memory_order order) {
    if (planted == Fault::weak_acquire && order == std::memory_order_acquire) return std::memory_order_relaxed;
    if (planted == Fault::weak_release && order == std::memory_order_release) return std::memory_order_relaxed;
    return order;
  }

 public:
  using Base::Base;
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure) {
    return Base::compare_exchange_strong(expected, desired, weak(success), weak(failure));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order) {
    return Base::compare_exchange_strong(expected, desired, weak(order));
  }
  void store(T value, std::memory_order order) { Base::store(value, weak(order)); }
};

}  // namespace cohort::model

namespace cohort::sync {

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

class Spin {
 public:
  explicit Spin(bool) {}
  bool again() { return looks_-- > 0; }

 private:
  int looks_ = 1;
};

class Patience {
 public:
  [[nodiscard]] Deadline next() const { return Deadline::never(); }
  bool lengthen() { return true; }
  [[nodiscard]] bool looks_closer() const { return true; }
  [[nodiscard]] bool looks_closest() const { return true; }
};

struct System {
  using Word64 = model::Word<std::uint64_t>;
  using Word32 = model::Word<std::uint32_t>;
  using Spin = sync::Spin;
  using Patience = sync::Patience;

  static model::World& world() { return *model::World::running(); }

  template <class T>
  static os::FutexWait sleep(const model::Atomic<T>& word, T expected, Deadline) {
    switch (world().sleep(&word, word.peek(), expected)) {
      case model::World::Woken::changed: return os::FutexWait::changed;
      case model::World::Woken::timed_out: return os::FutexWait::timed_out;
      default: return os::FutexWait::woken;
    }
  }
  template <class T>
  static int wake(const model::Atomic<T>& word, int count) {
    return model::planted == model::Fault::no_wake ? 0 : world().wake(&word, count);
  }
  template <class T>
  static int wake_all(const model::Atomic<T>& word) {
    return wake(word, 1000);
  }
  static void light_fence(const ThreadSelf&) {}
  static void heavy_fence(const ThreadSelf&) {
    if (model::planted != model::Fault::no_heavy_fence) world().remote_fence();
  }
  static bool is_dead(std::uint64_t thread, bool thorough) { return thread_is_dead(thread, thorough); }
  static bool member_is_dead(std::uint64_t member, bool thorough) { return thread_is_dead(member, thorough); }
  static void reached(Point) {}
  static bool same_processor(const ThreadSelf&, std::int32_t) { return false; }
  static void look_where(ThreadSelf&) {}
};

}  // namespace cohort::sync
