// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Lock and RLock: one thread of all processes of the family at a time.
//
//   cohort::Lock lock;
//   void work(cohort::Lock lock) { std::scoped_lock guard(lock); … }
//   cohort::Process p(work, lock);
//
// The holder is a thread: only the thread that acquired a lock may release it. (In Python any thread may release a Lock;
// here Semaphore(1) is for that.) std::scoped_lock and its kin work on both: see sync/std_lockable.hpp.
// Death: when the holding thread or its process dies, the next acquire still succeeds, and owner_died() is true until a
// holder calls mark_consistent(). A lock made with {.on_owner_death = OwnerDeath::poison} throws LockOwnerDied from acquire
// instead, without being held, until recover(). Waiters notice a death within 50 ms.
// Nothing here throws while it holds the lock.
// Threads: any. Fork: the child shares the lock, and holds none of its parent's.
// Cost:    acquire and release together 8 ns when no other thread wants it; a system call only to sleep and to wake.
// Python:  multiprocessing.Lock, RLock.
#pragma once

#include <cstdint>
#include <optional>

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/owner_death.hpp"
#include "cohort/sync/std_lockable.hpp"

namespace cohort {

/// Options of a lock.
struct LockOptions {
  /// report, or poison; LockHandle's constructors throw ValueError for others.
  OwnerDeath on_owner_death = OwnerDeath::report;
};

/// Who holds a lock.
struct LockOwner {
  std::int32_t process = 0;  ///< pid
  std::int32_t thread = 0;   ///< number of the thread in the system
  friend bool operator==(const LockOwner&, const LockOwner&) = default;
};

namespace detail {

/// What Lock and RLock share.
class COHORT_EXPORT LockHandle : public SharedHandle {
 public:
  /// Whether any thread holds it; old at once. Python: locked() (3.14)
  [[nodiscard]] bool locked() const;
  /// The thread that holds it; old at once. nullopt when it is free.
  [[nodiscard]] std::optional<LockOwner> owner() const;
  /// Whether the calling thread holds it.
  [[nodiscard]] bool owned() const;
  /// Whether a holder died, and no holder has called mark_consistent() or recover() since.
  [[nodiscard]] bool owner_died() const;
  /// The holder says that what the lock guards is sound again. Throws StateError when the caller does not hold it.
  void mark_consistent();

 protected:
  LockHandle(ObjectKind kind, NullHandle) noexcept : SharedHandle(kind, null_handle) {}
  LockHandle(ObjectKind kind, const LockOptions& options);
  LockHandle(ObjectKind kind, const HandleName& name) : SharedHandle(kind, name) {}
};

}  // namespace detail

/// A lock that is not recursive.
class COHORT_EXPORT Lock : public detail::LockHandle, public detail::StdLockable<Lock> {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::lock;

  /// A new, free lock. Throws OutOfFamilyMemory.
  Lock() : Lock(LockOptions{}) {}
  explicit Lock(const LockOptions& options) : LockHandle(kKind, options) {}
  explicit Lock(const detail::HandleName& name) : LockHandle(kKind, name) {}
  /// A handle that refers to nothing.
  explicit Lock(NullHandle) noexcept : LockHandle(kKind, null_handle) {}

  /// Takes the lock.
  ///
  /// @param until          when to give up; Deadline::now(): do not wait
  /// @returns              true when this thread holds it now, false at the deadline
  /// @throws Stopped       a stop was requested; it is not held. A stop never takes the lock from another thread
  /// @throws LockOwnerDied the lock is poisoned; it is not held
  /// @throws StateError    this thread holds it already, and would wait for itself forever
  /// Blocks:  yes; signals do not end the wait. Python: acquire(block, timeout)
  bool acquire(const Until& until = Until::never());
  /// acquire() that by default does not wait; false also at a stop. Throws LockOwnerDied and StateError.
  [[nodiscard]] bool try_acquire(const Until& until = Deadline::now());
  /// Gives the lock up. Throws StateError, and changes nothing, when this thread does not hold it.
  void release();
  /// Takes a lock, poisoned or not, and lifts the poison. The caller holds it then, and repairs what it guards; if the caller
  /// dies before it releases, the lock is poisoned again. Returns and throws as acquire(), but never LockOwnerDied.
  bool recover(const Until& until = Until::never());
};

/// A lock that its holder may acquire again; it is free after as many releases.
class COHORT_EXPORT RLock : public detail::LockHandle, public detail::StdLockable<RLock> {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::rlock;

  /// A new, free lock. Throws OutOfFamilyMemory.
  RLock() : RLock(LockOptions{}) {}
  explicit RLock(const LockOptions& options) : LockHandle(kKind, options) {}
  explicit RLock(const detail::HandleName& name) : LockHandle(kKind, name) {}
  /// A handle that refers to nothing.
  explicit RLock(NullHandle) noexcept : LockHandle(kKind, null_handle) {}

  /// As Lock's; at once when this thread holds it already.
  bool acquire(const Until& until = Until::never());
  [[nodiscard]] bool try_acquire(const Until& until = Deadline::now());
  /// Takes one acquire back. Throws StateError, and changes nothing, when this thread does not hold it.
  void release();
  /// As Lock::recover().
  bool recover(const Until& until = Until::never());
};

}  // namespace cohort
