// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The lock of one side of a ring: taken and released without a system call while nobody waits, and taken over from a
// holder that died. Its word also says whether somebody of the other side sleeps until this one goes on.
// docs/formats/queue.md, "The lock".
//
// Death: a waiter looks every 1 to 50 ms whether the holder's process still runs. Who takes over gets `taken_over()`
// and repairs. Threads: any; not recursive, and not from signal handlers.
#pragma once

#include <cstdint>

#include "channel/ring_layout.hpp"
#include "shm/layout.hpp"

namespace cohort::channel {

inline constexpr std::uint64_t kHeld = 1;
inline constexpr std::uint64_t kLockWaiters = 2;  ///< somebody may sleep for the lock
inline constexpr std::uint64_t kPartners = 4;     ///< somebody of the other side may sleep for progress of this one
inline constexpr std::uint64_t kWaitBits = kLockWaiters | kPartners;

/// What this process writes into a lock that it holds. Joins the family when it has not yet.
[[nodiscard]] std::uint64_t own_lock_word();
/// The member that a lock word names.
[[nodiscard]] shm::MemberId lock_holder(std::uint64_t word) noexcept;

/// Holds the lock of a side while it exists.
class SideGuard {
 public:
  /// @param mine  own_lock_word()
  SideGuard(RingSide& side, std::uint64_t mine) : side_(side) {
    std::uint64_t expected = 0;
    // SYNC(side): release exchange in release() -> acquire here; carries all that the lock guards
    if (!side.lock.compare_exchange_strong(expected, mine, std::memory_order_acquire, std::memory_order_relaxed))
        [[unlikely]]
      wait(mine);
  }
  ~SideGuard() { release(); }
  SideGuard(const SideGuard&) = delete;
  SideGuard& operator=(const SideGuard&) = delete;

  /// The last holder died: repair what it left, before anything else.
  [[nodiscard]] bool taken_over() const noexcept { return taken_over_; }

 private:
  void release() noexcept {
    // SYNC(side): as above. SYNC(partners): acquire of the sleeper's fetch_or, whose look at `position` came before this
    // exchange, or comes after it and finds what this holder stored; carries `position`
    std::uint64_t was = side_.lock.exchange(0, std::memory_order_acq_rel);
    if ((was & kWaitBits) != 0) [[unlikely]]
      wake(was);
  }
  void wait(std::uint64_t mine);
  void sleep(std::uint64_t mine);
  void wake(std::uint64_t was) noexcept;

  RingSide& side_;
  bool taken_over_ = false;
};

/// Says that somebody is about to sleep for progress of `side`: the next release of its lock wakes one of those, and rings for
/// those who wait for several objects. Look at its position again afterwards.
void announce_sleeper(RingSide& side) noexcept;
/// Wakes who sleeps for progress of `side`.
void wake_partners(RingSide& side, int count) noexcept;
/// Has those look again who wait for several objects, among them the one that the ring belongs to.
void ring_watchers(RingSide& side) noexcept;

}  // namespace cohort::channel
