// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/user_lock.hpp"

#include <chrono>
#include <string>

#include "cohort/base/error.hpp"
#include "family/process_page.hpp"

namespace cohort::sync {

namespace {

std::string call(CallName name) { return std::string(name.type) + "." + name.verb; }

// More than any program nests; Python's own limit is the same.
constexpr std::uint32_t kDeepest = 2147483647;

}  // namespace

Acquired acquire_user_lock_slowly(LockBody& lock, ThreadSelf& self, bool recursive, const Until& until, CallName name) {
  if (LockCore::owner(lock) == self.word) {
    if (recursive) {
      std::uint32_t count = lock.count.load(std::memory_order_relaxed);  // relaxed: the owner's
      if (count >= kDeepest) throw StateError(call(name), "", "the lock is nested too deep");
      lock.count.store(count + 1, std::memory_order_relaxed);  // relaxed: the owner's
      return Acquired::yes;
    }
    if (until.deadline.is_never() && !until.may_stop())
      throw StateError(call(name), "",
                       "this thread holds the lock already and would wait for itself forever; use RLock");
  }
  const Acquired result = LockCore::acquire(lock, self, until);
  if (result != Acquired::yes && !(release_dead_owner(lock, self) && LockCore::try_acquire(lock, self))) return result;
  if (recursive) lock.count.store(1, std::memory_order_relaxed);  // relaxed: the owner's
  if (is_poisoned(lock)) throw_poisoned(lock, self, name);
  return Acquired::yes;
}

bool may_look_for_death() noexcept {
  constexpr std::chrono::milliseconds kRest{5};
  thread_local Deadline::Clock::time_point next{};
  auto now = Deadline::Clock::now();
  if (now < next) return false;
  next = now + kRest;
  return true;
}

bool release_dead_owner(LockBody& lock, ThreadSelf& self) noexcept {
  std::uint64_t owner = LockCore::owner(lock);
  if (owner == kFree || owner == self.word || !may_look_for_death() || !thread_is_dead(owner, false)) return false;
  return LockCore::release_dead(lock, self, owner);
}

void rethrow_unless_left() {
  const family::ProcessPage* own = family::process_page_or_null();
  // relaxed: orders nothing; set by the end of this process
  if (own == nullptr || own->left.load(std::memory_order_relaxed) == 0) throw;
}

void throw_not_owner(const LockBody& lock, CallName name) {
  if (LockCore::owner(lock) == kFree)
    throw StateError(call(name), "", "semaphore or lock released too many times: nobody holds it");
  throw StateError(
      call(name), "",
      "held by another thread; only the thread that acquired a lock may release it: use Semaphore(1) where "
      "another thread or process is to release");
}

void throw_poisoned(LockBody& lock, ThreadSelf& self, CallName name) {
  LockCore::release(lock, self);
  throw LockOwnerDied(
      call(name), "",
      "a process died while it held this lock; call recover() to take the lock and mend what it guards");
}

bool recover_user_lock(LockBody& lock, ThreadSelf& self, bool recursive, const Until& until, CallName name) {
  if (LockCore::owner(lock) == self.word)
    throw StateError(call(name), "", "this thread holds the lock already; call mark_consistent()");
  if (!succeeded(LockCore::acquire(lock, self, until), call(name))) return false;
  if (recursive) lock.count.store(1, std::memory_order_relaxed);  // relaxed: the owner's
  // Should the caller die before it has mended, the next take-over sets it again.
  lock.died.store(0, std::memory_order_relaxed);  // relaxed: under the lock
  return true;
}

void repair_user_lock(LockBody& lock, family::MemberId dead) {
  std::uint64_t owner = LockCore::owner(lock);
  if (owner != kFree && ThreadWord::unpack(owner).is_of(dead)) LockCore::release_dead(lock, this_thread(), owner);
}

}  // namespace cohort::sync
