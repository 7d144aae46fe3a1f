// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/lock_core.hpp"

#include "base/crash_point.hpp"
#include "os/cpu.hpp"

namespace cohort::sync {

namespace {

void mark_taken_over(LockBody& body) noexcept {
  COHORT_CRASH_POINT("sync.lock.taken_over");
  body.died.store(1, std::memory_order_relaxed);        // relaxed: read under the lock, else a hint
  body.deaths.fetch_add(1, std::memory_order_relaxed);  // relaxed: read under the lock, else a statistic
}

}  // namespace

void LockCore::at_lock_place(park::Place place) noexcept {
  switch (place) {
    case park::Place::about_to_sleep: COHORT_CRASH_POINT("sync.lock.about_to_sleep"); break;
    case park::Place::woken: COHORT_CRASH_POINT("sync.lock.woken"); break;
    case park::Place::seen: COHORT_CRASH_POINT("sync.lock.released_before_wake"); break;
    case park::Place::claimed: COHORT_CRASH_POINT("sync.lock.wake_claimed"); break;
    default: break;
  }
}

Acquired LockCore::acquire_slowly(LockBody& body, ThreadSelf& self, const Until& until) {
  // Who does not wait takes an offer too, and does not spin.
  if (until.expired()) return try_acquire(body, self) ? Acquired::yes : Acquired::timed_out;
  self.cpu = os::current_cpu();
  // relaxed: a hint
  auto holder = static_cast<std::int32_t>(body.cpu.load(std::memory_order_relaxed)) - 1;
  park::Progress progress;
  auto take = [&] { return look(body, self, progress); };
  auto overdue = [&](const park::Patience& patience) { return take_over(body, self, patience.looks_closest()); };
  park::Hooks hooks{.beside = holder >= 0 && self.cpu == holder, .at = at_lock_place, .overdue = overdue};
  park::Waited waited = park::WaitWord(body.waiters).wait(take, until, hooks, progress);
  if (waited.slept && !waited.ready()) pass_on(body);
  return acquired(waited);
}

// Takes the lock if it is free. An offer has its moment while newcomers spin: who has spun for it may take it, else
// nobody might.
bool LockCore::look(LockBody& body, ThreadSelf& self, const park::Progress& progress) noexcept {
  std::uint64_t seen = body.owner.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
  while (seen == kFree || (seen == kOffered && !progress.spinning)) {
    // SYNC(owner): as in try_acquire()
    if (!body.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed)) {
      if (progress.spinning) return false;
      continue;
    }
    note_processor(body, self);
    // Others may still sleep; our release wakes the next.
    // relaxed: read by our own release
    if (!progress.spinning) body.waiters.fetch_or(park::kAsleep, std::memory_order_relaxed);
    // One that starved does so no more. relaxed: as above
    if (progress.wakes > 1) body.waiters.fetch_and(~kStarving, std::memory_order_relaxed);
    COHORT_CRASH_POINT("sync.lock.taken_slowly");
    return true;
  }
  // Once woken in vain is bad luck; from then on the owner is asked to leave the lock to us.
  // relaxed: a hint, which the mark that follows brings to the owner
  if (progress.wakes > 1) body.waiters.fetch_or(kStarving, std::memory_order_relaxed);
  return false;
}

bool LockCore::take_over(LockBody& body, ThreadSelf& self, bool thorough) noexcept {
  std::uint64_t seen = body.owner.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
  if (seen == kFree || seen == kOffered || !thread_is_dead(seen, thorough)) return false;
  // SYNC(owner): the death, which the system reported, orders the dead owner's stores before this
  if (!body.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed))
    return false;
  mark_taken_over(body);
  note_processor(body, self);
  body.waiters.fetch_or(park::kAsleep, std::memory_order_relaxed);  // relaxed: read by our own release
  return true;
}

bool LockCore::release_dead(LockBody& body, ThreadSelf& self, std::uint64_t dead) noexcept {
  // By way of ourselves: died must be set before anybody can have the lock.
  // SYNC(owner): the death, which the system reported, orders the dead owner's stores before this
  if (!body.owner.compare_exchange_strong(dead, self.word, std::memory_order_acquire, std::memory_order_relaxed))
    return false;
  mark_taken_over(body);
  release(body, self);
  return true;
}

void LockCore::release_slowly(LockBody& body, ThreadSelf& self) noexcept {
  self.cpu = os::current_cpu();
  // relaxed: a hint: an offer is never necessary
  std::uint32_t marks = body.waiters.load(std::memory_order_relaxed);
  bool offer = (marks & park::kAsleep) != 0 && (marks & kStarving) != 0;
  // Without a sleeper nobody may be there to take an offer: the one that starved has died, or is about to set the mark
  // again.
  // relaxed: as above
  if (!offer) body.waiters.fetch_and(~kStarving, std::memory_order_relaxed);
  // SYNC(owner): as in release()
  body.owner.store(offer ? kOffered : kFree, std::memory_order_release);
  park::WaitWord(body.waiters).wake(1, self.fences, at_lock_place);
}

// Who gives up may have been woken with the only wake-up: the next gets it.
void LockCore::pass_on(LockBody& body) noexcept {
  COHORT_CRASH_POINT("sync.lock.giving_up");
  std::uint64_t offered = kOffered;
  // relaxed: nothing was read under the lock
  body.owner.compare_exchange_strong(offered, kFree, std::memory_order_relaxed);
  park::WaitWord(body.waiters)
      // relaxed: ordered by the fence; an owner that releases later finds the mark
      .pass_on([&] { return body.owner.load(std::memory_order_relaxed) == kFree; }, at_lock_place);
}

}  // namespace cohort::sync
