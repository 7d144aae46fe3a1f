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
// Death: notify() never waits for those it wakes. A waiter that is dead is passed over; for one that dies after it was
// notified, another waiter is notified, within 100 ms. A holder that dies in here is treated as Lock says.
// Threads: any. Fork: the child shares the condition. Cost: wait 50 ns and the sleep; notify() a look when nobody waits.
// Python:  multiprocessing.Condition; there, a killed waiter can hang notify() for ever.
#pragma once

#include <concepts>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "cohort/sync/lock.hpp"

namespace cohort {

class COHORT_EXPORT Condition : public SharedHandle {
 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::condition;

  /// A condition with a recursive lock of its own. Throws OutOfFamilyMemory.
  Condition();
  /// A condition under `lock`, which it keeps alive. Several conditions may share one lock.
  explicit Condition(const Lock& lock);
  explicit Condition(const RLock& lock);
  explicit Condition(const detail::HandleName& name) : SharedHandle(kKind, name) {}
  /// A handle that refers to nothing.
  [[nodiscard]] static Condition null() noexcept { return Condition(Null{}); }

  /// The lock: as Lock or RLock.
  bool acquire(Deadline deadline = Deadline::never());
  bool acquire(std::stop_token stop, Deadline deadline = Deadline::never());
  void release();
  void lock() { (void)acquire(); }
  [[nodiscard]] bool try_lock() { return acquire(Deadline::now()); }
  void unlock() { release(); }
  /// Whether a holder of the lock died and nobody has called mark_consistent() since.
  [[nodiscard]] bool owner_died() const;
  void mark_consistent();

  /// Gives the lock up, waits to be notified, and takes the lock again.
  ///
  /// @returns            true when notified; false at the deadline. Either way the caller holds the lock
  /// @throws StateError  the caller does not hold the lock; nothing was done
  /// Blocks:  yes, beyond the deadline too while others hold the lock
  bool wait(Deadline deadline = Deadline::never());
  /// The same; false also when a stop is requested. A stop never takes a notification from another.
  bool wait(std::stop_token stop, Deadline deadline = Deadline::never());

  /// Waits until `predicate()`, which is called under the lock, is true; returns its last value.
  template <std::predicate Predicate>
  bool wait_for(Predicate&& predicate, Deadline deadline = Deadline::never()) {
    while (!predicate())
      if (!wait(deadline)) return predicate();
    return true;
  }
  template <std::predicate Predicate>
  bool wait_for(std::stop_token stop, Predicate&& predicate, Deadline deadline = Deadline::never()) {
    while (!predicate())
      if (!wait(stop, deadline)) return predicate();
    return true;
  }

  /// Wakes up to `count` of those who wait, the longest first. Throws StateError when the caller does not hold the lock, ValueError for a
  /// negative count.
  /// Python: notify(n), which waits for each of them to wake up; here it does not
  void notify(int count = 1);
  void notify_all();
  void notify_one() { notify(1); }
  /// How many wait and are not notified. The caller holds the lock.
  [[nodiscard]] int waiting();

 private:
  struct Null {};
  explicit Condition(Null) noexcept {}
  Condition(const detail::LockHandle& lock, bool recursive);
};

}  // namespace cohort
