// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Lock and RLock: one thread of all processes of the family at a time.
//
//   cohort::Lock lock;
//   void work(cohort::Lock lock) { std::scoped_lock guard(lock); … }
//   cohort::Process p(work, lock);
//
// The holder is a thread: only the thread that acquired a lock may release it. (Python's Lock may be released by anybody;
// that is what Semaphore(1) is for.)
// Death: when the holder dies, be it its process or its thread, the next acquire succeeds all the same, and owner_died()
// is true until somebody calls mark_consistent(). A lock made with {.on_owner_death = OwnerDeath::poison} throws
// LockOwnerDied from acquire instead, without holding it, until recover(). Waiters notice within 50 ms.
// Nothing here throws while it holds the lock.
// Threads: any. Fork: the child shares the lock, and holds none of its parent's.
// Cost:    acquire and release together 8 ns when nobody else wants it; a system call only to sleep and to wake.
// Python:  multiprocessing.Lock, RLock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/time_point.hpp"

namespace cohort {

/// What becomes of a lock whose holder died.
enum class OwnerDeath : std::uint8_t {
  report,  ///< the next acquire succeeds, and owner_died() says so
  poison,  ///< acquire throws LockOwnerDied until recover()
};

/// Options of a lock.
struct LockOptions {
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
  /// Who holds it; old at once. nullopt when nobody does.
  [[nodiscard]] std::optional<LockOwner> owner() const;
  /// Whether the calling thread holds it.
  [[nodiscard]] bool owned() const;
  /// Whether a holder died and nobody has called mark_consistent() or recover() since.
  [[nodiscard]] bool owner_died() const;
  /// The holder says that what the lock guards is sound again. Throws StateError when the caller does not hold it.
  void mark_consistent();

 protected:
  LockHandle() noexcept = default;
  LockHandle(ObjectKind kind, const LockOptions& options);
  LockHandle(ObjectKind kind, const HandleName& name) : SharedHandle(kind, name) {}
};

}  // namespace detail

/// A lock that is not recursive.
class COHORT_EXPORT Lock : public detail::LockHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::lock;

  /// A new, free lock. Throws OutOfFamilyMemory.
  Lock() : Lock(LockOptions{}) {}
  explicit Lock(const LockOptions& options) : LockHandle(kKind, options) {}
  explicit Lock(const detail::HandleName& name) : LockHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static Lock null() noexcept { return Lock(Null{}); }

  /// Takes the lock.
  ///
  /// @param deadline       when to give up; Deadline::now(): do not wait
  /// @returns              whether this thread holds it now
  /// @throws LockOwnerDied the lock is poisoned; it is not held
  /// @throws StateError    this thread holds it already, and without a deadline would wait for itself for ever
  /// Blocks:  yes; signals do not end the wait. Python: acquire(block, timeout)
  bool acquire(Deadline deadline = Deadline::never());
  /// The same, given up also when a stop is requested. A stop never takes the lock from anybody.
  bool acquire(std::stop_token stop, Deadline deadline = Deadline::never());
  /// Gives the lock up. Throws StateError, and changes nothing, when this thread does not hold it.
  void release();
  /// Takes a poisoned lock, or one that is not, and lifts the poison: the caller holds it and mends what it guards. Should
  /// it die before it releases, the lock is poisoned again.
  bool recover(Deadline deadline = Deadline::never());

  /// For std::scoped_lock, std::unique_lock, std::lock.
  void lock() { (void)acquire(); }
  [[nodiscard]] bool try_lock() { return acquire(Deadline::now()); }
  void unlock() { release(); }
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    return acquire(Deadline(timeout));
  }
  template <class Clock, class Duration>
  [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& point) {
    return acquire(detail::deadline_at(point));
  }

 private:
  struct Null {};
  explicit Lock(Null) noexcept {}
};

/// A lock that its holder may acquire again; it is free after as many releases.
class COHORT_EXPORT RLock : public detail::LockHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::rlock;

  /// A new, free lock. Throws OutOfFamilyMemory.
  RLock() : RLock(LockOptions{}) {}
  explicit RLock(const LockOptions& options) : LockHandle(kKind, options) {}
  explicit RLock(const detail::HandleName& name) : LockHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static RLock null() noexcept { return RLock(Null{}); }

  /// As Lock::acquire(); at once when this thread holds it already.
  bool acquire(Deadline deadline = Deadline::never());
  bool acquire(std::stop_token stop, Deadline deadline = Deadline::never());
  /// Takes one acquire back. Throws StateError, and changes nothing, when this thread does not hold it.
  void release();
  /// As Lock::recover().
  bool recover(Deadline deadline = Deadline::never());

  /// For std::scoped_lock, std::unique_lock, std::lock.
  void lock() { (void)acquire(); }
  [[nodiscard]] bool try_lock() { return acquire(Deadline::now()); }
  void unlock() { release(); }
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    return acquire(Deadline(timeout));
  }
  template <class Clock, class Duration>
  [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& point) {
    return acquire(detail::deadline_at(point));
  }

 private:
  struct Null {};
  explicit RLock(Null) noexcept {}
};

}  // namespace cohort
