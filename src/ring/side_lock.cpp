// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/side_lock.hpp"

#include "base/crash_point.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "object/objects.hpp"
#include "os/cpu.hpp"

namespace cohort::ring {

namespace {

void at_lock_place(park::Place place) noexcept {
  if (place == park::Place::announced) COHORT_CRASH_POINT("channel.lock.announced");
}
void at_wake_place(park::Place place) noexcept {
  if (place == park::Place::claimed) COHORT_CRASH_POINT("channel.wake.before");
}

// Not on the lock's own word: a holder who released it, found nobody asleep yet, and took it again would look the same.
park::WaitWord lock_word_of(RingSide& side) noexcept { return park::WaitWord(side.waiters, kLockWaiters); }

}  // namespace

void SideGuard::wait() {
  auto take = [&] {
    std::uint64_t seen = side_.lock.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
    // SYNC(side): as in SideGuard()
    return seen == 0 &&
           side_.lock.compare_exchange_strong(seen, self_.word, std::memory_order_acquire, std::memory_order_relaxed);
  };
  auto overdue = [&](const park::Patience& patience) {
    std::uint64_t seen = side_.lock.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
    if (seen == 0 || !sync::thread_is_dead(seen, patience.looks_closest())) return false;
    // SYNC(side): the holder's death, which the system reported, orders its stores before this
    if (!side_.lock.compare_exchange_strong(seen, self_.word, std::memory_order_acquire, std::memory_order_relaxed))
      return false;
    COHORT_CRASH_POINT("channel.lock.taken_over");
    side_.takeovers.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    left_by_ = seen;
    return true;
  };
  // relaxed: a hint
  bool beside = side_.cpu.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(os::current_cpu() + 1);
  park::Hooks hooks{.spin = park::kSpinForMoment, .beside = beside, .at = at_lock_place, .overdue = overdue};
  park::Waited waited = lock_word_of(side_).wait(take, family::LockDeadline::for_this_wait(), hooks);
  if (!waited.ready()) throw family::LockedOut();
  // Others may still sleep for the lock, and the wake-up was ours.
  // relaxed: our own release looks at it
  if (waited.slept) side_.waiters.fetch_or(kLockWaiters, std::memory_order_relaxed);
}

void SideGuard::wake() noexcept {
  std::uint32_t was = side_.waiters.exchange(0, std::memory_order_relaxed);  // relaxed: the futex calls order
  // A death here loses wake-ups; sleeps are bounded, which makes up for it.
  COHORT_CRASH_POINT("channel.lock.before_wake");
  if ((was & kLockWaiters) != 0) lock_word_of(side_).wake_sleepers(1);
  if ((was & kPartners) != 0) {
    wake_partners(side_, 1);
    ring_watchers(side_);
  }
}

void SideGuard::wake_marked_partners() noexcept {
  if (!park::Mark(side_.waiters, kPartners).take()) return;
  wake_partners(side_, 1);
  ring_watchers(side_);
}

void ring_watchers(RingSide& side) noexcept {
  if (side.object == 0) return;
  auto& family = family::Family::instance();
  object::Objects(family).ring(family.address(side.object, 1));
}

void wake_partners(RingSide& side, int count) noexcept { partners_of(side).notify(count, at_wake_place); }

}  // namespace cohort::ring
