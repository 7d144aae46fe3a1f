// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/owned_semaphore_core.hpp"

#include "base/crash_point.hpp"

namespace cohort::sync {

namespace {

using Owner = OwnedSemaphoreCore::Owner;

// 15 µs each: half a millisecond of a look that comes every 50.
constexpr std::uint32_t kAskedAtOnce = 32;

Owner& owner(SemaphoreBody& body, std::uint32_t at) noexcept { return reinterpret_cast<Owner*>(&body + 1)[at]; }

const Owner& owner(const SemaphoreBody& body, std::uint32_t at) noexcept {
  return reinterpret_cast<const Owner*>(&body + 1)[at];
}

// Threads begin at different places, so that they seldom meet on one.
std::uint32_t first_place(const ThreadSelf& self, std::uint32_t most) noexcept {
  return static_cast<std::uint32_t>((self.word * 0x9e3779b97f4a7c15u >> 32) * most >> 32);
}

bool give(SemaphoreBody& body, const ThreadSelf& self, std::uint32_t at) noexcept {
  std::uint64_t mine = self.member;
  // SYNC(permit): release here -> acquire in try_acquire(), value(), is_there()
  return owner(body, at).compare_exchange_strong(mine, 0, std::memory_order_release, std::memory_order_relaxed);
}

void mark_taken_over(SemaphoreBody& body) noexcept {
  COHORT_CRASH_POINT("sync.semaphore.taken_over");
  body.died.store(1, std::memory_order_relaxed);        // relaxed: carried by the permit, else a hint
  body.deaths.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
  COHORT_CRASH_POINT("sync.semaphore.told_of_death");
}

}  // namespace

std::uint32_t OwnedSemaphoreCore::value(const SemaphoreBody& body) noexcept {
  std::uint32_t free = 0;
  // SYNC(permit): release in give() -> acquire here, for who waits for several objects
  for (std::uint32_t i = 0; i < places(body); ++i) free += owner(body, i).load(std::memory_order_acquire) == 0;
  return free;
}

bool OwnedSemaphoreCore::is_there(const SemaphoreBody& body) noexcept {
  for (std::uint32_t i = 0; i < places(body); ++i)
    // SYNC(permit): as in value()
    if (owner(body, i).load(std::memory_order_acquire) == 0) return true;
  return false;
}

std::uint32_t OwnedSemaphoreCore::held(const SemaphoreBody& body, const ThreadSelf& self) noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < places(body); ++i)
    count += owner(body, i).load(std::memory_order_relaxed) == self.member;  // relaxed: only we write our name
  return count;
}

bool OwnedSemaphoreCore::try_acquire(SemaphoreBody& body, const ThreadSelf& self) noexcept {
  std::uint32_t most = places(body);
  std::uint32_t at = first_place(self, most);
  for (std::uint32_t i = 0; i < most; ++i, at = at + 1 < most ? at + 1 : 0) {
    std::uint64_t free = 0;
    // relaxed: the compare-exchange decides
    if (owner(body, at).load(std::memory_order_relaxed) != 0) continue;
    // SYNC(permit): acquire here <- release in give(); carries what was done before the release
    if (owner(body, at).compare_exchange_strong(free, self.member, std::memory_order_acquire,
                                                std::memory_order_relaxed))
      return true;
  }
  return false;
}

Acquired OwnedSemaphoreCore::acquire(SemaphoreBody& body, const ThreadSelf& self, const Until& until) {
  std::uint32_t next = first_place(self, places(body));
  return SemaphoreCore::wait(
      body, until, [&] { return try_acquire(body, self); }, [&] { return is_there(body); },
      [&](const park::Patience& patience) { return take_over(body, self, next, patience.looks_closest()); });
}

bool OwnedSemaphoreCore::release(SemaphoreBody& body, const ThreadSelf& self, std::uint32_t count) noexcept {
  if (count > 1 && held(body, self) < count) return false;  // one is there, or none is given below
  std::uint32_t given = 0;
  std::uint32_t most = places(body);
  std::uint32_t at = first_place(self, most);
  for (std::uint32_t i = 0; i < most && given < count; ++i, at = at + 1 < most ? at + 1 : 0)
    given += give(body, self, at);
  // Fewer than held only when other threads of this process have just released what they had not acquired.
  if (given == 0) return false;
  SemaphoreCore::wake_after_release(body, self, given);
  return true;
}

bool OwnedSemaphoreCore::take_over(SemaphoreBody& body, const ThreadSelf& self, std::uint32_t& next,
                                   bool thorough) noexcept {
  std::uint32_t most = places(body);
  std::uint64_t alive = self.member;
  std::uint32_t asked = 0;
  for (std::uint32_t i = 0; i < most && asked < kAskedAtOnce; ++i) {
    std::uint32_t at = next;
    next = next + 1 < most ? next + 1 : 0;
    // relaxed: the compare-exchange orders
    std::uint64_t seen = owner(body, at).load(std::memory_order_relaxed);
    if (seen == 0 || seen == alive || seen == self.member) continue;
    ++asked;
    if (!member_is_dead(seen, thorough)) {
      alive = seen;  // it may have others beside this one
      continue;
    }
    // SYNC(permit): the death, which the system reported, orders the dead owner's stores before this
    if (!owner(body, at).compare_exchange_strong(seen, self.member, std::memory_order_acquire,
                                                 std::memory_order_relaxed))
      continue;
    mark_taken_over(body);
    return true;
  }
  return false;
}

bool OwnedSemaphoreCore::release_dead(SemaphoreBody& body, const ThreadSelf& self, std::uint64_t dead) noexcept {
  bool any = false;
  for (std::uint32_t i = 0; i < places(body); ++i) {
    // By way of ourselves: died must be set before anybody can have the permit.
    std::uint64_t seen = dead;
    // SYNC(permit): as in take_over()
    if (!owner(body, i).compare_exchange_strong(seen, self.member, std::memory_order_acquire,
                                                std::memory_order_relaxed))
      continue;
    mark_taken_over(body);
    any = true;
    if (give(body, self, i))
      SemaphoreCore::wake_after_release(body, self, 1);
    else
      (void)release(body, self);  // a thread of ours has freed this one instead of its own
  }
  return any;
}

}  // namespace cohort::sync
