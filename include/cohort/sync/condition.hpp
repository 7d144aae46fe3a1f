// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Condition: threads of any process wait, under a lock, until another says that something has changed.
//
//   cohort::Condition changed;                            // with a recursive lock of its own, or Condition(lock)
//   { std::scoped_lock guard(changed);
//     changed.wait_for([&] { return ready.load(); }, 5s); }
//   …
//   { std::scoped_lock guard(changed); ready.store(1); changed.notify_all(); }
//
// wait(), notify() and notify_all() are called by the holder of the lock. wait() gives up a recursive lock with all its
// levels, and holds it again, to the same depth, when it returns.
// Death: notify() never waits for those it wakes. A dead waiter is passed over; for one that dies after it was notified,
// another waiter is notified within 100 ms. The death of a holder is treated as Lock says.
// Threads: any. Fork: the child shares the condition. Cost: wait 50 ns and the sleep; notify() a look when no thread waits.
// Python:  multiprocessing.Condition; there, a killed waiter can hang notify() forever.
#pragma once

#include <concepts>
#include <utility>

#include "cohort/base/export.hpp"
#include "cohort/base/until.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/lock.hpp"
#include "cohort/sync/std_lockable.hpp"

namespace cohort {

class COHORT_EXPORT Condition : public SharedHandle, public detail::StdLockable<Condition> {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::condition;

  /// A condition with a recursive lock of its own. Throws OutOfFamilyMemory.
  Condition();
  /// A condition under `lock`, which it keeps alive. Several conditions may share one lock.
  explicit Condition(const Lock& lock);
  explicit Condition(const RLock& lock);
  explicit Condition(const detail::HandleName& name) : SharedHandle(kKind, name) {}
  /// A handle that refers to nothing.
  explicit Condition(NullHandle) noexcept : SharedHandle(kKind, null_handle) {}

  /// The lock: as Lock or RLock.
  bool acquire(const Until& until = Until::never());
  [[nodiscard]] bool try_acquire(const Until& until = Deadline::now());
  void release();
  /// Whether a holder of the lock died, and no holder has called mark_consistent() since.
  [[nodiscard]] bool owner_died() const;
  void mark_consistent();

  /// Gives the lock up, waits until it is notified, and takes the lock again.
  ///
  /// @returns            true when notified, false at the deadline. The caller holds the lock again
  /// @throws Stopped     a stop was requested; the caller holds the lock. A stop takes no notification from another waiter
  /// @throws StateError  the caller does not hold the lock; nothing was done
  /// Blocks:  yes, beyond the deadline and the stop too while others hold the lock
  bool wait(const Until& until = Until::never());

  /// Waits until `predicate()` is true; it is called under the lock.
  ///
  /// @returns         true when it is; at the deadline its value
  /// @throws Stopped  a stop was requested and `predicate()` is false; the caller holds the lock
  template <std::predicate Predicate>
  bool wait_for(Predicate&& predicate, const Until& until = Until::never()) {
    while (!predicate())
      if (End end = wait_once(until); end != End::notified) return predicate() || ended_in_vain(end);
    return true;
  }

  /// Notifies up to `count` waiters, those that have waited longest first.
  ///
  /// @throws StateError  the caller does not hold the lock
  /// @throws ValueError  `count` is negative
  /// Python: notify(n), which waits for each of them to wake up; here it does not
  void notify(int count = 1);
  void notify_all();
  void notify_one() { notify(1); }
  /// How many wait and are not notified. The caller holds the lock.
  [[nodiscard]] int n_waiting();

 private:
  enum class End : unsigned char { notified, timed_out, stopped };
  End wait_once(const Until& until);
  /// False at the deadline; throws Stopped for a stop.
  static bool ended_in_vain(End end);
  Condition(const detail::LockHandle& lock, bool recursive);
};

}  // namespace cohort
