// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a condition under a lock: docs/formats/sync.md "Condition", in code.
//
// Each waiter has a place of its own in a table, with its thread's name and the word that it sleeps on. All changes of
// the table are made by the holder of the user's lock; only the mark "notified" is also read without it.
// Death: a waiter that died is passed over by notify(), which learns of it from the system's answer "nobody slept
// there". One that died after it was notified is found by the other waiters, who look every 50 ms, and by the repair of
// its process: another is notified in its place.
#pragma once

#include <cstddef>

#include "cohort/base/function_ref.hpp"
#include "sync/lock_core.hpp"

namespace cohort::sync {

struct ConditionWaiter {
  std::atomic<std::uint64_t> thread;  ///< 0: the place is free
  std::atomic<std::uint64_t> ticket;  ///< order of arrival
  std::atomic<std::uint32_t> state;   ///< futex: kNotified; the bits from park::kDisturbance on count disturbances
  std::atomic<std::uint32_t> asleep;  ///< 1: it may sleep in the kernel
  std::uint64_t reserved;
};
static_assert(sizeof(ConditionWaiter) == 32);

inline constexpr std::uint32_t kNotified = 1;

struct alignas(64) ConditionBody {
  static constexpr std::uint32_t kFirst = 32;  ///< places in the body
  static constexpr std::uint32_t kTables = 8;  ///< table k has kFirst << k places

  LockBody own_lock;                       ///< when it was made without a lock
  std::atomic<std::uint64_t> lock;         ///< Offset of the lock object's body; 0: own_lock; constant
  std::atomic<std::uint64_t> lock_parcel;  ///< keeps the lock object alive
  std::atomic<std::uint32_t> recursive;    ///< whether the lock is an RLock; constant
  std::atomic<std::uint32_t> seen_deaths;  ///< LockBody::deaths when the table was last looked through
  std::atomic<std::uint64_t> tickets;
  std::atomic<std::uint32_t> used;  ///< places from here on are free
  std::atomic<std::uint32_t> reserved;
  std::atomic<std::uint64_t> tables[kTables];  ///< Offset of table k + 1; 0: none yet
  ConditionWaiter first[kFirst];
};
static_assert(offsetof(ConditionBody, lock) == 64 && offsetof(ConditionBody, tables) == 104);

class ConditionCore {
 public:
  /// Makes room for more waiters: a block of `bytes` named by `word`. Throws OutOfFamilyMemory.
  using Grow = FunctionRef<void(std::atomic<std::uint64_t>& word, std::size_t bytes)>;
  /// The place of a block.
  using Find = ConditionWaiter* (*)(std::uint64_t offset, std::size_t bytes);

  /// @param lock  what guards the condition, mapped in this process
  /// @param find  nullptr: only the places in the body
  ConditionCore(ConditionBody& body, LockBody& lock, Find find = nullptr) noexcept
      : body_(body), lock_(lock), find_(find) {}

  /// Gives the lock up, with all its recursion, waits to be notified, and takes it again. The caller owns the lock.
  /// Returns yes when notified, else why it ended. Throws (owning the lock, nothing done) what `grow` throws.
  Acquired wait(ThreadSelf& self, const Until& until, Grow grow);
  /// Notifies up to `count` of those who wait, the longest first. The caller owns the lock. Returns how many.
  std::uint32_t notify(ThreadSelf& self, std::uint32_t count) noexcept;
  /// Frees the places of dead waiters, and notifies others instead of those who were notified. The caller owns the
  /// lock.
  /// @param notified_only  look only at those who were notified: others are harmless, and asking takes 15 µs each
  void mend(ThreadSelf& self, bool notified_only) noexcept;
  /// The same when the lock is free, else nothing: for those who do not own it.
  void try_mend(ThreadSelf& self, bool notified_only) noexcept;
  /// Waiters that nobody has notified. The caller owns the lock.
  [[nodiscard]] std::uint32_t waiting() noexcept;

 private:
  [[nodiscard]] ConditionWaiter* place(std::uint32_t index) noexcept;
  ConditionWaiter& enter(ThreadSelf& self, Grow grow);
  void leave(ConditionWaiter& waiter) noexcept;
  [[nodiscard]] ConditionWaiter* oldest() noexcept;
  bool wake(ConditionWaiter& waiter, const ThreadSelf& self) noexcept;
  Acquired sleep(ConditionWaiter& waiter, ThreadSelf& self, const Until& until);
  [[nodiscard]] std::uint32_t used() const noexcept;

  ConditionBody& body_;
  LockBody& lock_;
  Find find_;
};

}  // namespace cohort::sync
