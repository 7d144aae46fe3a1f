// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/condition_core.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"

namespace cohort::sync {

namespace {

// The body's table and the others, each twice as large as the one before.
constexpr std::uint32_t kPlaces = (ConditionBody::kFirst << (ConditionBody::kTables + 1)) - ConditionBody::kFirst;

struct Location {
  std::uint32_t table;  // 0: in the body
  std::uint32_t index;  // in the table
};

// Table k begins at place kFirst * (2^k - 1), with the body's as table 0.
Location locate(std::uint32_t place) noexcept {
  Location at{0, place};
  std::uint32_t size = ConditionBody::kFirst;
  while (at.index >= size) {
    at.index -= size;
    size *= 2;
    ++at.table;
  }
  return at;
}

std::size_t table_bytes(std::uint32_t table) noexcept {
  return (std::size_t{ConditionBody::kFirst} << table) * sizeof(ConditionWaiter);
}

// Each waiter sleeps on a word of its own; the mark stands beside it, as the word tells whether it was notified.
park::WaitWord word_of(ConditionWaiter& waiter) noexcept {
  return park::WaitWord(waiter.state, park::Mark(waiter.asleep, park::kAsleep));
}

void at_condition_place(park::Place place) noexcept {
  if (place == park::Place::about_to_sleep) COHORT_CRASH_POINT("sync.condition.about_to_sleep");
}

}  // namespace

std::uint32_t ConditionCore::used() const noexcept {
  std::uint32_t used = body_.used.load(std::memory_order_relaxed);  // relaxed: under the lock
  return std::min(used, kPlaces);
}

ConditionWaiter* ConditionCore::place(std::uint32_t index) noexcept {
  Location at = locate(index);
  if (at.table == 0) return &body_.first[at.index];
  if (at.table > ConditionBody::kTables || find_ == nullptr) return nullptr;
  // SYNC(table): acquire here <- release in grow(); carries the zeroes, for try_mend(), which looks without the lock
  std::uint64_t offset = body_.tables[at.table - 1].load(std::memory_order_acquire);
  return offset == 0 ? nullptr : find_(offset, table_bytes(at.table)) + at.index;
}

// The store of the thread makes the place ours: a death before it leaves the place free.
ConditionWaiter& ConditionCore::enter(ThreadSelf& self, Grow grow) {
  // relaxed below: under the lock
  std::uint32_t used = this->used();
  std::uint32_t index = 0;
  ConditionWaiter* free = nullptr;
  for (; index < used && free == nullptr; ++index) {
    ConditionWaiter* one = place(index);
    if (one != nullptr && one->thread.load(std::memory_order_relaxed) == 0) free = one;
  }
  if (free == nullptr) {
    Location at = locate(used);
    if (at.table > ConditionBody::kTables)
      throw StateError("Condition.wait", "", "more threads wait than a condition has room for");
    if (at.table != 0 && body_.tables[at.table - 1].load(std::memory_order_relaxed) == 0)
      grow(body_.tables[at.table - 1], table_bytes(at.table));
    free = place(used);
    if (free == nullptr) throw StateError("Condition.wait", "", "the table of waiters is unsound");
    body_.used.store(used + 1, std::memory_order_relaxed);
  }
  std::uint64_t ticket = body_.tickets.load(std::memory_order_relaxed) + 1;
  body_.tickets.store(ticket, std::memory_order_relaxed);
  free->ticket.store(ticket, std::memory_order_relaxed);
  free->state.store(0, std::memory_order_relaxed);
  free->asleep.store(0, std::memory_order_relaxed);
  COHORT_CRASH_POINT("sync.condition.entering");
  free->thread.store(self.word, std::memory_order_relaxed);
  COHORT_CRASH_POINT("sync.condition.entered");
  return *free;
}

void ConditionCore::leave(ConditionWaiter& waiter) noexcept {
  // relaxed below: under the lock
  waiter.thread.store(0, std::memory_order_relaxed);
  COHORT_CRASH_POINT("sync.condition.left");
  std::uint32_t used = this->used();
  while (used > 0) {
    ConditionWaiter* last = place(used - 1);
    if (last != nullptr && last->thread.load(std::memory_order_relaxed) != 0) break;
    --used;
  }
  body_.used.store(used, std::memory_order_relaxed);
}

Acquired ConditionCore::wait(ThreadSelf& self, const Until& until, Grow grow) {
  // relaxed: both: under the lock
  if (lock_.deaths.load(std::memory_order_relaxed) != body_.seen_deaths.load(std::memory_order_relaxed))
    mend(self, false);
  ConditionWaiter& waiter = enter(self, grow);
  std::uint32_t count = lock_.count.load(std::memory_order_relaxed);  // relaxed: the owner's
  lock_.count.store(0, std::memory_order_relaxed);                    // relaxed: the owner's
  LockCore::release(lock_, self);
  COHORT_CRASH_POINT("sync.condition.released");
  const Acquired slept = sleep(waiter, self, until);
  COHORT_CRASH_POINT("sync.condition.awake");
  LockCore::acquire(lock_, self, Deadline::never());
  lock_.count.store(count, std::memory_order_relaxed);  // relaxed: the owner's
  // After the lock is ours again nobody can notify: what stands here now is the result, whatever woke us.
  bool notified = (waiter.state.load(std::memory_order_relaxed) & kNotified) != 0;  // relaxed: under the lock
  leave(waiter);
  return notified ? Acquired::yes : slept;
}

Acquired ConditionCore::sleep(ConditionWaiter& waiter, ThreadSelf& self, const Until& until) {
  // relaxed: what the notifier did is ours to read once we have the lock
  auto notified = [&] { return (waiter.state.load(std::memory_order_relaxed) & kNotified) != 0; };
  auto overdue = [&](const park::Patience& patience) {
    if (patience.looks_closer() && !notified()) try_mend(self, true);
    return false;
  };
  park::Hooks hooks{.at = at_condition_place, .overdue = overdue};
  const park::Waited waited = word_of(waiter).wait(notified, until, hooks);
  waiter.asleep.store(0, std::memory_order_relaxed);  // relaxed: an unneeded wake-up does no harm
  return acquired(waited);
}

ConditionWaiter* ConditionCore::oldest() noexcept {
  ConditionWaiter* found = nullptr;
  std::uint64_t first = 0;
  std::uint32_t used = this->used();
  for (std::uint32_t i = 0; i < used; ++i) {
    ConditionWaiter* one = place(i);
    // relaxed: all: under the lock
    if (one == nullptr || one->thread.load(std::memory_order_relaxed) == 0) continue;
    if ((one->state.load(std::memory_order_relaxed) & kNotified) != 0) continue;
    std::uint64_t ticket = one->ticket.load(std::memory_order_relaxed);
    if (found == nullptr || ticket < first) {
      found = one;
      first = ticket;
    }
  }
  return found;
}

// False when the waiter is dead; its place is free then.
bool ConditionCore::wake(ConditionWaiter& waiter, const ThreadSelf& self) noexcept {
  waiter.state.fetch_or(kNotified, std::memory_order_relaxed);  // relaxed: ordered by the fence
  COHORT_CRASH_POINT("sync.condition.notified");
  // One who is awake sees the state; should it die before, mend() finds it.
  park::WaitWord word = word_of(waiter);
  if (!word.anyone_asleep(self.fences) || word.wake_sleepers(1) != 0) return true;
  std::uint64_t thread = waiter.thread.load(std::memory_order_relaxed);  // relaxed: under the lock
  if (!thread_is_dead(thread, false)) return true;                       // it was just waking up by itself
  leave(waiter);
  return false;
}

std::uint32_t ConditionCore::notify(ThreadSelf& self, std::uint32_t count) noexcept {
  // relaxed: both: under the lock
  if (lock_.deaths.load(std::memory_order_relaxed) != body_.seen_deaths.load(std::memory_order_relaxed))
    mend(self, false);
  std::uint32_t done = 0;
  while (done < count) {
    ConditionWaiter* next = oldest();
    if (next == nullptr) break;
    if (wake(*next, self)) ++done;
  }
  return done;
}

void ConditionCore::mend(ThreadSelf& self, bool notified_only) noexcept {
  // relaxed below: under the lock
  std::uint32_t deaths = lock_.deaths.load(std::memory_order_relaxed);
  // From the end: places that become free there shorten the table.
  for (std::uint32_t i = used(); i-- > 0;) {
    ConditionWaiter* one = place(i);
    std::uint64_t thread = one == nullptr ? 0 : one->thread.load(std::memory_order_relaxed);
    if (thread == 0 || thread == self.word) continue;
    bool notified = (one->state.load(std::memory_order_relaxed) & kNotified) != 0;
    if ((notified_only && !notified) || !thread_is_dead(thread, false)) continue;
    // First another is notified, then the dead one is forgotten: a death in between notifies one too many, not too few.
    while (notified) {
      ConditionWaiter* next = oldest();
      if (next == nullptr || wake(*next, self)) break;
    }
    COHORT_CRASH_POINT("sync.condition.mending");
    leave(*one);
  }
  if (!notified_only) body_.seen_deaths.store(deaths, std::memory_order_relaxed);
}

void ConditionCore::try_mend(ThreadSelf& self, bool notified_only) noexcept {
  bool anything = false;
  for (std::uint32_t i = 0; i < used() && !anything; ++i) {
    ConditionWaiter* one = place(i);
    // relaxed: all: a look; decided under the lock
    if (one == nullptr || one->thread.load(std::memory_order_relaxed) == 0) continue;
    anything = !notified_only || (one->state.load(std::memory_order_relaxed) & kNotified) != 0;
  }
  if (!anything || !LockCore::try_acquire(lock_, self)) return;
  mend(self, notified_only);
  lock_.count.store(0, std::memory_order_relaxed);  // relaxed: the owner's
  LockCore::release(lock_, self);
}

std::uint32_t ConditionCore::waiting() noexcept {
  std::uint32_t count = 0;
  std::uint32_t used = this->used();
  for (std::uint32_t i = 0; i < used; ++i) {
    ConditionWaiter* one = place(i);
    // relaxed: both: under the lock
    if (one != nullptr && one->thread.load(std::memory_order_relaxed) != 0 &&
        (one->state.load(std::memory_order_relaxed) & kNotified) == 0)
      ++count;
  }
  return count;
}

}  // namespace cohort::sync
