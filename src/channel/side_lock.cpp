// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "channel/side_lock.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <climits>

#include "base/crash_point.hpp"
#include "os/cpu.hpp"
#include "os/futex.hpp"
#include "os/memory.hpp"
#include "os/process_identity.hpp"
#include "shm/family.hpp"
#include "shm/objects.hpp"

namespace cohort::channel {

namespace {

// The system sleeps on 32 bits: the low half, which holds the slot and all bits.
static_assert(std::endian::native == std::endian::little);
const std::atomic<std::uint32_t>& low_half(const RingSide& side) {
  const void* place = &side.lock;  // only the address is used
  return *static_cast<const std::atomic<std::uint32_t>*>(place);
}

// A holder needs some tens of nanoseconds, a few microseconds at most. If it takes longer than this, it does not run.
constexpr int kSpins = 64;
constexpr std::chrono::milliseconds kFirstWait{1};
constexpr std::chrono::milliseconds kLongestWait{50};

// A process that called exec() runs on under its identity, but not where it was.
bool holder_is_gone(std::uint64_t word, bool thorough) {
  auto& family = shm::Family::instance();
  shm::MemberId holder = lock_holder(word);
  if (!family.is_alive(holder)) return true;
  if (!thorough) return false;
  os::ProcessIdentity identity = family.identity(holder);
  return identity.pid != 0 && !os::may_map_memory(identity, os::memory_number(family.fd()));
}

}  // namespace

std::uint64_t own_lock_word() {
  shm::MemberId self = shm::Family::self_or_nobody();
  if (!self) [[unlikely]]
    self = shm::Family::instance().self();
  return static_cast<std::uint64_t>(self.generation) << 32 | std::uint64_t{self.slot} << 4 | kHeld;
}

shm::MemberId lock_holder(std::uint64_t word) noexcept {
  static_assert(shm::kMaxMembers <= 1u << 12);
  return {static_cast<std::uint32_t>(word >> 4 & 0xfff), static_cast<std::uint32_t>(word >> 32)};
}

void SideGuard::wait(std::uint64_t mine) {
  // relaxed: a hint. A holder on our own processor runs only once we sleep.
  bool spin = side_.cpu.load(std::memory_order_relaxed) != static_cast<std::uint32_t>(os::current_cpu() + 1);
  for (int i = 0; i < (spin ? kSpins : 1); ++i) {
    std::uint64_t seen = side_.lock.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
    // SYNC(side): as in SideGuard()
    if ((seen & kHeld) == 0 &&
        side_.lock.compare_exchange_strong(seen, mine | seen, std::memory_order_acquire, std::memory_order_relaxed))
      return;
    os::spin_pause();
  }
  sleep(mine);
}

void SideGuard::sleep(std::uint64_t mine) {
  // Who has slept takes the lock with the waiters' bit: others may still sleep.
  std::uint64_t mine_waited = mine | kLockWaiters;
  auto limit = kFirstWait;
  while (true) {
    std::uint64_t seen = side_.lock.load(std::memory_order_relaxed);  // relaxed: the compare-exchanges order
    if ((seen & kHeld) == 0) {
      // SYNC(side): as in SideGuard()
      if (side_.lock.compare_exchange_strong(seen, mine_waited | seen, std::memory_order_acquire,
                                             std::memory_order_relaxed))
        return;
      continue;
    }
    std::uint64_t marked = seen | kLockWaiters;
    // relaxed: only announces a sleeper
    if (marked != seen && !side_.lock.compare_exchange_strong(seen, marked, std::memory_order_relaxed)) continue;
    os::FutexWait result = os::futex_wait(low_half(side_), static_cast<std::uint32_t>(marked), Deadline(limit));
    if (result != os::FutexWait::timed_out) continue;
    bool thorough = limit == kLongestWait;
    limit = std::min(limit * 2, kLongestWait);
    // Another thread of this process is not dead while we run.
    if ((marked & ~kWaitBits) == mine || !holder_is_gone(marked, thorough)) continue;
    // SYNC(side): the holder's death, which the system reported, orders its stores before this
    if (!side_.lock.compare_exchange_strong(marked, mine_waited | (marked & kWaitBits), std::memory_order_acquire,
                                            std::memory_order_relaxed))
      continue;
    COHORT_CRASH_POINT("channel.lock.taken_over");
    side_.takeovers.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    taken_over_ = true;
    return;
  }
}

void SideGuard::wake(std::uint64_t was) noexcept {
  // A death here loses wake-ups; sleeps are bounded, which makes up for it.
  COHORT_CRASH_POINT("channel.lock.before_wake");
  if ((was & kLockWaiters) != 0) os::futex_wake(low_half(side_), 1);
  if ((was & kPartners) != 0) {
    wake_partners(side_, 1);
    ring_watchers(side_);
  }
}

void announce_sleeper(RingSide& side) noexcept {
  // SYNC(partners): release exchange in SideGuard::release() -> acquire here; carries `position`
  side.lock.fetch_or(kPartners, std::memory_order_acq_rel);
}

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
