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
// {.on_owner_death = OwnerDeath::report} a permit belongs to the process that took it: only its threads may release it. When
// that process dies, the permit is free again, and owner_died() is true until a holder of a permit calls mark_consistent().
// A waiter that dies takes no permit and no wake-up from others, which look again within 50 ms.
// Threads: any. Fork: the child shares the semaphore. Cost: as Lock; with
// owners 10 ns more, and a look at all permits when few are free.
// Python:  multiprocessing.Semaphore, BoundedSemaphore; std::counting_semaphore.
#pragma once

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/owner_death.hpp"
#include "cohort/sync/std_lockable.hpp"

namespace cohort {

/// Options of a semaphore.
struct SemaphoreOptions {
  /// ignore, or report: a permit then belongs to the process that took it. The constructors throw ValueError for poison.
  OwnerDeath on_owner_death = OwnerDeath::ignore;
};

namespace detail {

/// What both semaphores are.
class COHORT_EXPORT SemaphoreHandle : public SharedHandle, public StdLockable<SemaphoreHandle> {
 public:
  /// Takes a permit.
  ///
  /// @param until     when to give up; Deadline::now(): do not wait
  /// @returns         true when a permit was taken, false at the deadline
  /// @throws Stopped  a stop was requested. A stop takes no permit, and no wake-up from another waiter
  /// Blocks:  yes; signals do not end the wait
  bool acquire(const Until& until = Until::never());
  /// Takes a permit, by default only when one is free. False at the deadline and at a stop. Python: acquire(block=False)
  [[nodiscard]] bool try_acquire(const Until& until = Deadline::now());
  /// Adds permits and wakes as many waiters.
  ///
  /// @throws StateError  there would be more than max(), or, where permits have owners, this process has fewer: released
  ///                     too many times; nothing was done
  /// @throws ValueError  `count` is less than 1
  void release(int count = 1);
  /// Permits that are free; old at once.
  [[nodiscard]] int get_value() const;
  /// Most permits that there may be: 2147483647, or the initial number of a BoundedSemaphore, and where permits have owners.
  [[nodiscard]] int max() const;
  /// Whether a permit came back from a process that died, and no holder of a permit has called mark_consistent() since.
  /// False where permits have no owners.
  [[nodiscard]] bool owner_died() const;
  /// Says that what the permits stand for is sound again. Where several processes have permits at once, a death between
  /// owner_died() and this call is also marked as repaired; call owner_died() again right before it. Throws StateError when
  /// this process has no permit.
  void mark_consistent();
  /// Whether no permit is free; old at once. Python: locked() (3.14)
  [[nodiscard]] bool locked() const { return get_value() == 0; }

 protected:
  SemaphoreHandle(ObjectKind kind, NullHandle) noexcept : SharedHandle(kind, null_handle) {}
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
  explicit Semaphore(NullHandle) noexcept : SemaphoreHandle(kKind, null_handle) {}
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
  explicit BoundedSemaphore(NullHandle) noexcept : SemaphoreHandle(kKind, null_handle) {}
};

}  // namespace cohort
