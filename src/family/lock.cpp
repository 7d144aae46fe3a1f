// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/lock.hpp"

#include <bit>
#include <chrono>

#include "base/crash_point.hpp"
#include "os/futex.hpp"
#include "park/patience.hpp"
#include "park/spin.hpp"

namespace cohort::family {

namespace {

// The system sleeps on 32 bits: the low half, which holds the pid and the waiters' bit.
static_assert(std::endian::native == std::endian::little);
const std::atomic<std::uint32_t>& low_half(const LockWord& lock) {
  const void* place = &lock.word;  // only the address is used
  return *static_cast<const std::atomic<std::uint32_t>*>(place);
}

// A holder that runs is done in far less, and one that waits for a processor as a rule too.
constexpr std::chrono::milliseconds kLeastLockWait{20};

}  // namespace

LockedOut::LockedOut()
    : TimeoutError("Family", "", "another process, which may be stopped, held an internal lock until the deadline") {}

constinit thread_local Deadline LockDeadline::current{};

Deadline LockDeadline::for_this_wait() {
  return current.is_never() ? current : Deadline::later(current, Deadline(kLeastLockWait));
}

bool lock_holder_is_dead(std::uint64_t word, std::uint64_t memory) noexcept {
  auto pid = static_cast<std::int32_t>(word & LockGuard::kPidMask);
  auto start = static_cast<std::uint32_t>(word >> 32);
  os::ProcessIdentity now = os::process_identity_of(pid);
  // Half of the start time is enough: it comes round after 497 days of the machine running.
  if (start != 0 && now.start_time != 0 && static_cast<std::uint32_t>(now.start_time) != start) return true;
  if (now.start_time == 0) now = {pid, 0};
  return !os::is_alive(now) || !os::may_map_memory(now, memory);
}

// Not by a park::WaitWord, which wants a word to sleep on beside the lock, and fences: here the lock's own word is
// slept on, and its release, an exchange, needs no fence to see the mark. Whoever waits may not be a member yet and has
// no thread word.
void LockGuard::wait(std::uint64_t mine) {
  std::uint64_t seen = 0;
  park::Spin spin(park::kSpinForMoment);
  do {
    seen = lock_.word.load(std::memory_order_relaxed);  // relaxed: the compare-exchange below orders
    // SYNC(lock): as in LockGuard()
    if (seen == 0 &&
        lock_.word.compare_exchange_strong(seen, mine, std::memory_order_acquire, std::memory_order_relaxed))
      return;
  } while (spin.again());
  // Who has slept keeps the waiters' bit set when it gets the lock: others may still sleep.
  std::uint64_t mine_waited = mine | kWaiters;
  park::Patience patience;
  const Deadline give_up = LockDeadline::for_this_wait();
  while (true) {
    seen = lock_.word.load(std::memory_order_relaxed);  // relaxed: the compare-exchanges below order
    if (seen == 0) {
      // SYNC(lock): as in LockGuard()
      if (lock_.word.compare_exchange_strong(seen, mine_waited, std::memory_order_acquire, std::memory_order_relaxed))
        return;
      continue;
    }
    std::uint64_t marked = seen | kWaiters;
    // relaxed: only announces a sleeper
    if (marked != seen && !lock_.word.compare_exchange_strong(seen, marked, std::memory_order_relaxed)) continue;
    os::FutexWait result = os::futex_wait(low_half(lock_), static_cast<std::uint32_t>(marked),
                                          Deadline::earlier(give_up, patience.next()));
    if (result != os::FutexWait::timed_out) continue;
    patience.lengthen();
    // Looking for an exec() costs more than asking whether the holder lives.
    // relaxed: a constant
    std::uint64_t memory = patience.looks_closest() ? lock_.memory.load(std::memory_order_relaxed) : 0;
    bool own_process = (marked & ~kWaiters) == mine;
    if (own_process || !lock_holder_is_dead(marked, memory)) {
      // The mark of a sleeper stays: it costs a needless call.
      if (give_up.expired()) throw LockedOut();
      continue;
    }
    // SYNC(lock): the holder's death, which the system reported, orders its stores before this
    if (!lock_.word.compare_exchange_strong(marked, mine_waited, std::memory_order_acquire, std::memory_order_relaxed))
      continue;
    COHORT_CRASH_POINT("shm.lock.taken_over");
    mark_damaged();
    lock_.takeovers.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    COHORT_CRASH_POINT("shm.lock.marked_damaged");
    return;
  }
}

void LockGuard::wake() noexcept {
  // A death here loses the wake-up; the sleeper's bounded wait makes up for it.
  COHORT_CRASH_POINT("shm.lock.before_wake");
  os::futex_wake(low_half(lock_), 1);
}

}  // namespace cohort::family
