// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Semaphore and BoundedSemaphore: a number of permits for all processes of the family.
//
//   cohort::Semaphore slots(4);
//   { std::scoped_lock permit(slots); … }        // at most four at once
//
// A permit has no owner: any thread of any process may release, also one that never acquired.
// Death: a permit that a dead process had taken stays taken; use Lock where a death must be noticed. A waiter that dies
// takes no permit and no wake-up from others (they look again within 50 ms at the latest).
// Threads: any. Fork: the child shares the semaphore. Cost: as Lock.
// Python:  multiprocessing.Semaphore, BoundedSemaphore; std::counting_semaphore.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/shm/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/time_point.hpp"

namespace cohort {

namespace detail {

/// What both semaphores are.
class COHORT_EXPORT SemaphoreHandle : public SharedHandle {
 public:
  /// Takes a permit.
  ///
  /// @param deadline  when to give up; Deadline::now(): do not wait
  /// @returns         whether a permit was taken
  /// Blocks:  yes; signals do not end the wait
  bool acquire(Deadline deadline = Deadline::never());
  /// The same, given up also when a stop is requested. A stop never costs a permit, nor another's wake-up.
  bool acquire(std::stop_token stop, Deadline deadline = Deadline::never());
  /// Adds permits and wakes as many waiters.
  ///
  /// @throws StateError  there would be more than max(): released too many times; nothing was done
  /// @throws ValueError  `count` is less than 1
  void release(int count = 1);
  /// Permits that are there; old at once.
  [[nodiscard]] int get_value() const;
  /// Most permits that there may be: 2147483647, or the initial number of a BoundedSemaphore.
  [[nodiscard]] int max() const;

  /// As in std::counting_semaphore.
  [[nodiscard]] bool try_acquire() { return acquire(Deadline::now()); }
  template <class Rep, class Period>
  [[nodiscard]] bool try_acquire_for(const std::chrono::duration<Rep, Period>& timeout) {
    return acquire(Deadline(timeout));
  }
  template <class Clock, class Duration>
  [[nodiscard]] bool try_acquire_until(const std::chrono::time_point<Clock, Duration>& point) {
    return acquire(deadline_at(point));
  }
  /// For std::scoped_lock and std::unique_lock. Python: with semaphore:
  void lock() { (void)acquire(); }
  [[nodiscard]] bool try_lock() { return try_acquire(); }
  void unlock() { release(); }
  /// Whether no permit is there; old at once. Python: locked() (3.14)
  [[nodiscard]] bool locked() const { return get_value() == 0; }

 protected:
  SemaphoreHandle() noexcept = default;
  SemaphoreHandle(ObjectKind kind, int value, bool bounded);
  SemaphoreHandle(ObjectKind kind, const HandleName& name) : SharedHandle(kind, name) {}
};

}  // namespace detail

/// A semaphore that may have more permits than it began with.
class COHORT_EXPORT Semaphore : public detail::SemaphoreHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::semaphore;

  /// Throws ValueError when `value` is negative, OutOfFamilyMemory.
  explicit Semaphore(int value = 1) : SemaphoreHandle(kKind, value, false) {}
  explicit Semaphore(const detail::HandleName& name) : SemaphoreHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static Semaphore null() noexcept { return Semaphore(Null{}); }

 private:
  struct Null {};
  explicit Semaphore(Null) noexcept {}
};

/// A semaphore that never has more permits than it began with: one release too many is an error.
class COHORT_EXPORT BoundedSemaphore : public detail::SemaphoreHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::bounded_semaphore;

  /// Throws ValueError when `value` is negative, OutOfFamilyMemory.
  explicit BoundedSemaphore(int value = 1) : SemaphoreHandle(kKind, value, true) {}
  explicit BoundedSemaphore(const detail::HandleName& name) : SemaphoreHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static BoundedSemaphore null() noexcept { return BoundedSemaphore(Null{}); }

 private:
  struct Null {};
  explicit BoundedSemaphore(Null) noexcept {}
};

}  // namespace cohort
