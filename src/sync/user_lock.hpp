// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What Lock, RLock and Condition promise of a lock, over the core: errors for wrong use, recursion, poison.
#pragma once

#include "family/layout.hpp"
#include "sync/lock_core.hpp"

namespace cohort::sync {

/// To be called in a handler: throws what is being handled on, unless this process has left its family. Then nothing
/// that it held is held any more, and giving it back, as destructors at the end of a program do, is no error.
void rethrow_unless_left();

/// For messages: "Lock.acquire" is {"Lock", "acquire"}.
struct CallName {
  const char* type;
  const char* verb;
};

/// Everything but the shortest way: a taken lock, recursion, poison.
Acquired acquire_user_lock_slowly(LockBody& lock, ThreadSelf& self, bool recursive, const Until& until, CallName name);
[[noreturn]] void throw_not_owner(const LockBody& lock, CallName name);
[[noreturn]] void throw_poisoned(LockBody& lock, ThreadSelf& self, CallName name);

[[nodiscard]] inline bool is_poisoned(const LockBody& lock) noexcept {
  // relaxed: both: constant; written under the lock
  return lock.died.load(std::memory_order_relaxed) != 0 &&
         (lock.options.load(std::memory_order_relaxed) & kPoisons) != 0;
}

/// Throws LockOwnerDied, not owning the lock, when it is poisoned; StateError when it would wait for itself forever.
inline Acquired acquire_user_lock(LockBody& lock, ThreadSelf& self, bool recursive, const Until& until, CallName name) {
  std::uint64_t seen = kFree;
  // SYNC(owner): as in LockCore::try_acquire()
  if (!lock.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed))
      [[unlikely]]
    return acquire_user_lock_slowly(lock, self, recursive, until, name);
  // relaxed: both: a hint; the owner's
  lock.cpu.store(static_cast<std::uint32_t>(self.cpu + 1), std::memory_order_relaxed);
  if (recursive) lock.count.store(1, std::memory_order_relaxed);
  if (lock.died.load(std::memory_order_relaxed) != 0 && is_poisoned(lock)) [[unlikely]]  // relaxed: under the lock
    throw_poisoned(lock, self, name);
  return Acquired::yes;
}

/// Throws StateError when the caller does not own it.
inline void release_user_lock(LockBody& lock, ThreadSelf& self, bool recursive, CallName name) {
  if (LockCore::owner(lock) != self.word) [[unlikely]]
    throw_not_owner(lock, name);
  if (recursive) {
    std::uint32_t count = lock.count.load(std::memory_order_relaxed);  // relaxed: the owner's
    lock.count.store(count - 1, std::memory_order_relaxed);            // relaxed: the owner's
    if (count > 1) return;
  }
  LockCore::release(lock, self);
}

/// For those who only ever try: frees the lock when its owner is dead, looking no more than every 5 ms. True when that
/// was so.
bool release_dead_owner(LockBody& lock, ThreadSelf& self) noexcept;
/// True at most every 5 ms in a thread: then to ask for somebody's death costs next to nothing.
[[nodiscard]] bool may_look_for_death() noexcept;

/// Acquires it whether or not it is poisoned, and lifts the poison. The caller does not own it.
bool recover_user_lock(LockBody& lock, ThreadSelf& self, bool recursive, const Until& until, CallName name);

/// Frees a lock whose owner was a thread of `dead`.
void repair_user_lock(LockBody& lock, family::MemberId dead);

}  // namespace cohort::sync
