// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Semaphore and BoundedSemaphore: a number of permits for all processes of the family.
//
//   cohort::Semaphore slots(4);
//   { std::scoped_lock permit(slots); … }        // at most four at once
//
// A permit has no owner: any thread of any process may release, also one that never acquired.
// Death: a permit that a dead process had taken stays taken, as in Python. In a semaphore made with
// {.on_owner_death = PermitOwnerDeath::give_back} a permit belongs to the process that took it: only its threads may release
// it, and when it dies, the next one gets the permit, and owner_died() is true until somebody calls mark_consistent().
// A waiter that dies takes no permit and no wake-up from others (they look again within 50 ms at the latest).
// Threads: any. Fork: the child shares the semaphore. Cost: as Lock; with
// owners 10 ns more, and a look at all permits when few are free.
// Python:  multiprocessing.Semaphore, BoundedSemaphore; std::counting_semaphore.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/time_point.hpp"

namespace cohort {

/// What becomes of a permit whose owner died.
enum class PermitOwnerDeath : std::uint8_t {
  keep,       ///< permits have no owner: anybody may release, and what a dead process had taken stays taken
  give_back,  ///< it comes back, and owner_died() says so; only the process that took a permit may release it
};

/// Options of a semaphore.
struct SemaphoreOptions {
  PermitOwnerDeath on_owner_death = PermitOwnerDeath::keep;
};

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
  /// @throws StateError  there would be more than max(), or, where permits have owners, this process has fewer: released
  ///                     too many times; nothing was done
  /// @throws ValueError  `count` is less than 1
  void release(int count = 1);
  /// Permits that are there; old at once.
  [[nodiscard]] int get_value() const;
  /// Most permits that there may be: 2147483647, or the initial number of a BoundedSemaphore, and where permits have owners.
  [[nodiscard]] int max() const;
  /// Whether a permit came back from a process that died, and nobody has called mark_consistent() since. Never where
  /// permits have no owners.
  [[nodiscard]] bool owner_died() const;
  /// Says that what the permits stand for is sound again. Where several processes have permits at once, a death between the
  /// look and this call is taken for mended, too: look again before the call. Throws StateError when this process has none.
  void mark_consistent();

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
  SemaphoreHandle(ObjectKind kind, int value, bool bounded, const SemaphoreOptions& options);
  SemaphoreHandle(ObjectKind kind, const HandleName& name) : SharedHandle(kind, name) {}

 private:
  void release_slowly(int count);
};

}  // namespace detail

/// A semaphore that may have more permits than it began with.
class COHORT_EXPORT Semaphore : public detail::SemaphoreHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::semaphore;

  /// Throws ValueError when `value` is negative, OutOfFamilyMemory.
  explicit Semaphore(int value = 1) : Semaphore(value, SemaphoreOptions{}) {}
  /// Where permits have owners there are never more than `value`, from 1 to 1024; else ValueError.
  Semaphore(int value, const SemaphoreOptions& options) : SemaphoreHandle(kKind, value, false, options) {}
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
  explicit BoundedSemaphore(int value = 1) : BoundedSemaphore(value, SemaphoreOptions{}) {}
  /// As Semaphore's.
  BoundedSemaphore(int value, const SemaphoreOptions& options) : SemaphoreHandle(kKind, value, true, options) {}
  explicit BoundedSemaphore(const detail::HandleName& name) : SemaphoreHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static BoundedSemaphore null() noexcept { return BoundedSemaphore(Null{}); }

 private:
  struct Null {};
  explicit BoundedSemaphore(Null) noexcept {}
};

}  // namespace cohort
