// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The robust lock: docs/formats/sync.md "Lock", in code. Lock, RLock, Condition, Barrier and SharedMutex stand on it.
//
//   LockCore::acquire(body, this_thread(), Deadline::never());
//   …
//   LockCore::release(body, this_thread());
//
// The owner's word is all that decides. Nobody but the owner changes it while the owner lives, so a release is a plain
// store. Sleepers announce themselves in a second word, behind a fence that the sleeper pays for.
// Death: an owner that died is replaced by the next who waits, which leaves `died` set. A sleeper that died, or a
// wake-up that was never sent, costs the others one bounded wait (Patience).
#pragma once

#include <atomic>
#include <cstdint>

#include "sync/acquired.hpp"
#include "sync/thread_word.hpp"

namespace cohort::sync {

inline constexpr std::uint64_t kFree = 0;
/// Free, but offered to those who have slept for it: others leave it alone for a moment.
inline constexpr std::uint64_t kOffered = std::uint64_t{1} << 63;

/// Bit of LockBody::waiters beside park::kAsleep: somebody slept more than once and came too late each time.
inline constexpr std::uint32_t kStarving = 2;

inline constexpr std::uint32_t kPoisons = 1;  ///< LockBody::options: a death closes the lock until it is recovered

struct alignas(64) LockBody {
  std::atomic<std::uint64_t> owner{};    ///< kFree, kOffered, or the owner's thread word
  std::atomic<std::uint32_t> waiters{};  ///< futex: park::kAsleep, kStarving
  std::atomic<std::uint32_t> count{};    ///< recursion; the owner's
  std::atomic<std::uint32_t> died{};     ///< 1 from a take-over until somebody says that the data is sound
  std::atomic<std::uint32_t> deaths{};   ///< take-overs
  std::atomic<std::uint32_t> cpu{};      ///< 1 + processor of the last owner; a hint
  std::atomic<std::uint32_t> options{};  ///< constant
  std::atomic<std::uint64_t> spare[4]{};
};
static_assert(sizeof(LockBody) == 64);

struct LockCore {
  /// Takes the lock if it is free, at once.
  static bool try_acquire(LockBody& body, ThreadSelf& self) noexcept {
    std::uint64_t seen = kFree;
    // SYNC(owner): acquire here <- release store in release(); carries all that the lock guards
    if (body.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed))
        [[likely]] {
      note_processor(body, self);
      return true;
    }
    // SYNC(owner): as above
    if (seen != kOffered ||
        !body.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed))
      return false;
    note_processor(body, self);
    return true;
  }

  /// Takes the lock, waiting for it. The caller does not own it.
  static Acquired acquire(LockBody& body, ThreadSelf& self, const Until& until) {
    std::uint64_t seen = kFree;
    // SYNC(owner): as in try_acquire()
    if (body.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed))
        [[likely]] {
      note_processor(body, self);
      return Acquired::yes;
    }
    return acquire_slowly(body, self, until);
  }

  /// Gives the lock up. The caller owns it.
  static void release(LockBody& body, ThreadSelf& self) noexcept {
    // relaxed: a hint; the look below decides
    if ((body.waiters.load(std::memory_order_relaxed) & (park::kAsleep | kStarving)) != 0) [[unlikely]]
      return release_slowly(body, self);
    // SYNC(owner): release here -> acquire in try_acquire(), acquire(), acquire_slowly()
    body.owner.store(kFree, std::memory_order_release);
    park::WaitWord(body.waiters).wake(1, self.fences, at_lock_place);
  }

  /// Who owns it: a thread word, or 0. Old at once.
  [[nodiscard]] static std::uint64_t owner(const LockBody& body) noexcept {
    // relaxed: compared only; what is equal to the caller's own word was written by the caller
    std::uint64_t word = body.owner.load(std::memory_order_relaxed);
    return word == kOffered ? kFree : word;
  }

  /// Replaces an owner that is dead for sure by nobody, and wakes who waits. For repairs. False when `dead` is not the
  /// owner.
  static bool release_dead(LockBody& body, ThreadSelf& self, std::uint64_t dead) noexcept;

  static Acquired acquire_slowly(LockBody& body, ThreadSelf& self, const Until& until);
  static void release_slowly(LockBody& body, ThreadSelf& self) noexcept;

 private:
  static void at_lock_place(park::Place place) noexcept;
  static void note_processor(LockBody& body, const ThreadSelf& self) noexcept {
    body.cpu.store(static_cast<std::uint32_t>(self.cpu + 1), std::memory_order_relaxed);  // relaxed: a hint
  }
  static bool look(LockBody& body, ThreadSelf& self, const park::Progress& progress) noexcept;
  static bool take_over(LockBody& body, ThreadSelf& self, bool thorough) noexcept;
  static void pass_on(LockBody& body) noexcept;
};

}  // namespace cohort::sync
