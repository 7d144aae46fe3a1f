// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The verbs by which the standard library uses a lock: std::scoped_lock, std::unique_lock, std::shared_lock, std::lock.
// A class gets them by deriving from StdLockable<itself>; it has acquire(Until), try_acquire(Until) and release().
//
//   cohort::Lock lock;
//   std::unique_lock guard(lock, 100ms);          // lock.try_lock_for(100ms)
//   if (guard) …
//
// With them a class meets the standard's requirements TimedLockable, and with StdSharedLockable SharedTimedLockable. They are
// the only functions of Cohort with `_for` and `_until` in their names: everything else takes an Until.
// Python:  with lock:
#pragma once

#include <chrono>
#include <type_traits>

#include "cohort/base/deadline.hpp"
#include "cohort/base/until.hpp"

namespace cohort::detail {

/// A time point of any clock as a deadline. Later changes of that clock move the deadline no more.
template <class Clock, class Duration>
Deadline deadline_at(const std::chrono::time_point<Clock, Duration>& point) {
  if constexpr (std::is_same_v<Clock, Deadline::Clock>)
    return Deadline(point);
  else
    return Deadline(point - Clock::now());
}

/// TimedLockable, over acquire() and release().
template <class Derived>
class StdLockable {
 public:
  /// acquire() without a limit.
  void lock() { (void)derived().acquire(); }
  /// try_acquire().
  [[nodiscard]] bool try_lock() { return derived().try_acquire(); }
  /// release().
  void unlock() { derived().release(); }
  /// try_acquire() with a limit.
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    return derived().try_acquire(timeout);
  }
  template <class Clock, class Duration>
  [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& point) {
    return derived().try_acquire(deadline_at(point));
  }

 private:
  friend Derived;
  StdLockable() noexcept = default;
  Derived& derived() noexcept { return static_cast<Derived&>(*this); }
};

/// SharedTimedLockable, over acquire_shared() and release_shared(), beside StdLockable.
template <class Derived>
class StdSharedLockable {
 public:
  /// acquire_shared() without a limit.
  void lock_shared() { (void)derived().acquire_shared(); }
  /// try_acquire_shared().
  [[nodiscard]] bool try_lock_shared() { return derived().try_acquire_shared(); }
  /// release_shared().
  void unlock_shared() { derived().release_shared(); }
  /// try_acquire_shared() with a limit.
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& timeout) {
    return derived().try_acquire_shared(timeout);
  }
  template <class Clock, class Duration>
  [[nodiscard]] bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& point) {
    return derived().try_acquire_shared(deadline_at(point));
  }

 private:
  friend Derived;
  StdSharedLockable() noexcept = default;
  Derived& derived() noexcept { return static_cast<Derived&>(*this); }
};

}  // namespace cohort::detail
