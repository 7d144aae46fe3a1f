// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The lock of one side of a ring: taken by one compare-exchange and released by one store while nobody sleeps, and
// taken over from a holder that died. Beside it stands whether somebody of the other side sleeps until this one goes
// on. docs/formats/queue.md, "The lock".
//
// Death: a waiter looks every 1 to 50 ms whether the holder's thread still runs. Who takes over gets `taken_over()`
// and repairs. Threads: any; not recursive, and not from signal handlers.
#pragma once

#include <atomic>
#include <cstdint>

#include "os/cpu.hpp"
#include "park/wait_word.hpp"
#include "ring/layout.hpp"
#include "sync/thread_word.hpp"

namespace cohort::ring {

// Bits of RingSide::waiters.
inline constexpr std::uint32_t kLockWaiters = 1;  ///< somebody may sleep for the lock
inline constexpr std::uint32_t kPartners = 2;     ///< somebody of the other side may sleep for progress of this one

/// Holds the lock of a side while it exists.
class SideGuard {
 public:
  /// Throws what sync::this_thread() throws, and family::LockedOut when a family::LockDeadline says so.
  explicit SideGuard(RingSide& side) : side_(side), self_(sync::this_thread()) {
    std::uint64_t expected = 0;
    // SYNC(side): release store in ~SideGuard -> acquire here; carries all that the lock guards
    if (!side.lock.compare_exchange_strong(expected, self_.word, std::memory_order_acquire, std::memory_order_relaxed))
        [[unlikely]]
      wait();
  }
  ~SideGuard() {
    // What a dead holder left and we could not repair stays as it was: the next one takes over from that holder again.
    // SYNC(side): release here -> acquire in SideGuard(), wait()
    side_.lock.store(left_by_, std::memory_order_release);
    // SYNC(sleepers): light fence here -> heavy fence in WaitWord::announce(): we see the sleeper, or it sees what we
    // stored
    park::light_fence(self_.fences);
    if (side_.waiters.load(std::memory_order_relaxed) != 0) [[unlikely]]  // relaxed: ordered by the fences
      wake();
  }
  SideGuard(const SideGuard&) = delete;
  SideGuard& operator=(const SideGuard&) = delete;

  /// The last holder died: repair what it left, before anything else, and say so.
  [[nodiscard]] bool taken_over() const noexcept { return left_by_ != 0; }
  void mark_repaired() noexcept { left_by_ = 0; }
  /// Wakes one who sleeps for progress of the side, as the release would; the lock stays held.
  void wake_partners_now() noexcept {
    // SYNC(sleepers): as in ~SideGuard()
    park::light_fence(self_.fences);
    if ((side_.waiters.load(std::memory_order_relaxed) & kPartners) != 0)
        [[unlikely]]  // relaxed: ordered by the fences
      wake_marked_partners();
  }

 private:
  void wait();
  void wake() noexcept;
  void wake_marked_partners() noexcept;

  RingSide& side_;
  sync::ThreadSelf& self_;
  std::uint64_t left_by_ = 0;  // the word of the dead holder
};

/// Where the other side sleeps for progress of `side`. The mark has the next release of its lock wake one of those, and
/// ring for those who wait for several objects.
[[nodiscard]] inline park::WaitWord partners_of(RingSide& side) noexcept {
  return park::WaitWord(side.progress, park::Mark(side.waiters, kPartners));
}
/// Wakes who sleeps for progress of `side`.
void wake_partners(RingSide& side, int count) noexcept;
/// Has those look again who wait for several objects, among them the one that the ring belongs to.
void ring_watchers(RingSide& side) noexcept;

/// Says where the holder of a side runs: now and then, as asking costs more than a look.
inline void note_processor(RingSide& side, std::uint64_t position) noexcept {
  if ((items_of(position) & 7) == 0)
    side.cpu.store(static_cast<std::uint32_t>(os::current_cpu() + 1), std::memory_order_relaxed);  // relaxed: a hint
}

}  // namespace cohort::ring
