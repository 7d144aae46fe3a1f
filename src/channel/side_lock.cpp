// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "channel/side_lock.hpp"

#include "base/crash_point.hpp"
#include "os/cpu.hpp"
#include "os/futex.hpp"
#include "park/fence.hpp"
#include "park/patience.hpp"
#include "shm/family.hpp"
#include "shm/lock.hpp"
#include "shm/objects.hpp"

namespace cohort::channel {

namespace {

// The system sleeps on 32 bits: the low half, which holds the number of the thread.
// A holder needs some tens of nanoseconds, a few microseconds at most. If it takes longer than this, it does not run.
constexpr int kSpins = 64;

// Returns the word with the bit in it.
std::uint32_t announce(RingSide& side, std::uint32_t bit) noexcept {
  // relaxed: ordered by the fence
  std::uint32_t announced = side.waiters.fetch_or(bit, std::memory_order_relaxed) | bit;
  // SYNC(sleepers): heavy fence here -> light fence in ~SideGuard
  park::heavy_fence();
  return announced;
}

}  // namespace

void SideGuard::wait() {
  // relaxed: a hint. A holder on our own processor runs only once we sleep.
  bool spin = side_.cpu.load(std::memory_order_relaxed) != static_cast<std::uint32_t>(os::current_cpu() + 1);
  for (int i = 0; i < (spin ? kSpins : 1); ++i) {
    std::uint64_t seen = side_.lock.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
    // SYNC(side): as in SideGuard()
    if (seen == 0 &&
        side_.lock.compare_exchange_strong(seen, self_.word, std::memory_order_acquire, std::memory_order_relaxed))
      return;
    os::spin_pause();
  }
  sleep();
}

void SideGuard::sleep() {
  park::Patience patience;
  const Deadline give_up = shm::LockDeadline::for_this_wait();
  while (true) {
    std::uint64_t seen = 0;
    // SYNC(side): as in SideGuard()
    if (side_.lock.compare_exchange_strong(seen, self_.word, std::memory_order_acquire, std::memory_order_relaxed))
      break;
    std::uint32_t announced = announce(side_, kLockWaiters);
    COHORT_CRASH_POINT("channel.lock.announced");
    seen = side_.lock.load(std::memory_order_relaxed);  // relaxed: a compare-exchange follows
    if (seen == 0) continue;
    // Not on the lock's word: a holder who released it, found nobody asleep yet, and took it again would look the same.
    auto result = os::futex_wait(side_.waiters, announced, Deadline::earlier(give_up, patience.next()));
    if (result != os::FutexWait::timed_out) continue;
    patience.lengthen();
    if (!sync::thread_is_dead(seen, patience.looks_closest())) {
      if (give_up.expired()) throw shm::LockedOut();
      continue;
    }
    // SYNC(side): the holder's death, which the system reported, orders its stores before this
    if (!side_.lock.compare_exchange_strong(seen, self_.word, std::memory_order_acquire, std::memory_order_relaxed))
      continue;
    COHORT_CRASH_POINT("channel.lock.taken_over");
    side_.takeovers.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    left_by_ = seen;
    break;
  }
  // Others may still sleep for the lock, and the wake-up was ours.
  side_.waiters.fetch_or(kLockWaiters, std::memory_order_relaxed);  // relaxed: our own release looks at it
}

void SideGuard::wake() noexcept {
  std::uint32_t was = side_.waiters.exchange(0, std::memory_order_relaxed);  // relaxed: the futex calls order
  // A death here loses wake-ups; sleeps are bounded, which makes up for it.
  COHORT_CRASH_POINT("channel.lock.before_wake");
  if ((was & kLockWaiters) != 0) os::futex_wake(side_.waiters, 1);
  if ((was & kPartners) != 0) {
    wake_partners(side_, 1);
    ring_watchers(side_);
  }
}

void SideGuard::wake_marked_partners() noexcept {
  // relaxed: the futex calls order
  if ((side_.waiters.fetch_and(~kPartners, std::memory_order_relaxed) & kPartners) == 0) return;
  wake_partners(side_, 1);
  ring_watchers(side_);
}

void announce_sleeper(RingSide& side) noexcept { (void)announce(side, kPartners); }

void ring_watchers(RingSide& side) noexcept {
  if (side.object == 0) return;
  auto& family = shm::Family::instance();
  family.objects().ring(family.address(side.object, 1));
}

void wake_partners(RingSide& side, int count) noexcept {
  side.progress.fetch_add(1, std::memory_order_relaxed);  // relaxed: the sleeper looks at `position` by itself
  COHORT_CRASH_POINT("channel.wake.before");
  os::futex_wake(side.progress, count);
}

}  // namespace cohort::channel
