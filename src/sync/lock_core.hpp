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
// Death: an owner that died is replaced by the next who waits, which leaves `died` set. A sleeper that died, or a wake-up
// that was never sent, costs the others one bounded wait (Patience).
#pragma once

#include "sync/acquired.hpp"
#include "sync/stop_waker.hpp"
#include "sync/system.hpp"

namespace cohort::sync {

inline constexpr std::uint64_t kFree = 0;
/// Free, but offered to those who have slept for it: others leave it alone for a moment.
inline constexpr std::uint64_t kOffered = std::uint64_t{1} << 63;

// Bits of LockBody::waiters. The bits above count disturbances: a stop changes the word under those who are about to sleep.
using park::kAsleep;                           ///< somebody may sleep
inline constexpr std::uint32_t kStarving = 2;  ///< somebody slept more than once and came too late each time

inline constexpr std::uint32_t kPoisons = 1;  ///< LockBody::options: a death closes the lock until it is recovered

template <class Env>
struct alignas(64) BasicLockBody {
  typename Env::Word64 owner{};    ///< kFree, kOffered, or the owner's thread word
  typename Env::Word32 waiters{};  ///< futex
  typename Env::Word32 count{};    ///< recursion; the owner's
  typename Env::Word32 died{};     ///< 1 from a take-over until somebody says that the data is sound
  typename Env::Word32 deaths{};   ///< take-overs
  typename Env::Word32 cpu{};      ///< 1 + processor of the last owner; a hint
  typename Env::Word32 options{};  ///< constant
  typename Env::Word64 spare[4]{};
};
using LockBody = BasicLockBody<System>;
static_assert(sizeof(LockBody) == 64);

template <class Env>
struct BasicLockCore {
  using Body = BasicLockBody<Env>;

  /// Takes the lock if it is free, at once.
  static bool try_acquire(Body& body, ThreadSelf& self) noexcept {
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
  static Acquired acquire(Body& body, ThreadSelf& self, Deadline deadline, const std::stop_token* stop = nullptr) {
    std::uint64_t seen = kFree;
    // SYNC(owner): as in try_acquire()
    if (body.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed))
        [[likely]] {
      note_processor(body, self);
      return Acquired::yes;
    }
    return acquire_slowly(body, self, deadline, stop);
  }

  /// Gives the lock up. The caller owns it.
  static void release(Body& body, ThreadSelf& self) noexcept {
    // relaxed: a hint; the look below decides
    if (body.waiters.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return release_slowly(body, self);
    // SYNC(owner): release here -> acquire in try_acquire(), acquire(), acquire_slowly()
    body.owner.store(kFree, std::memory_order_release);
    Env::light_fence(self);
    // relaxed: ordered by the fence
    if (body.waiters.load(std::memory_order_relaxed) != 0) [[unlikely]]
      wake_one(body);
  }

  /// Who owns it: a thread word, or 0. Old at once.
  [[nodiscard]] static std::uint64_t owner(const Body& body) noexcept {
    // relaxed: compared only; what is equal to the caller's own word was written by the caller
    std::uint64_t word = body.owner.load(std::memory_order_relaxed);
    return word == kOffered ? kFree : word;
  }

  /// Replaces an owner that is dead for sure by nobody, and wakes who waits. For repairs. False when `dead` is not the owner.
  static bool release_dead(Body& body, ThreadSelf& self, std::uint64_t dead) noexcept {
    // By way of ourselves: died must be set before anybody can have the lock.
    // SYNC(owner): the death, which the system reported, orders the dead owner's stores before this
    if (!body.owner.compare_exchange_strong(dead, self.word, std::memory_order_acquire, std::memory_order_relaxed))
      return false;
    mark_taken_over(body);
    release(body, self);
    return true;
  }

  static Acquired acquire_slowly(Body& body, ThreadSelf& self, Deadline deadline, const std::stop_token* stop);
  static void release_slowly(Body& body, ThreadSelf& self) noexcept;

 private:
  enum class Look : std::uint8_t { taken, again, held };

  static void note_processor(Body& body, const ThreadSelf& self) noexcept {
    body.cpu.store(static_cast<std::uint32_t>(self.cpu + 1), std::memory_order_relaxed);  // relaxed: a hint
  }
  static Look look(Body& body, ThreadSelf& self, bool slept) noexcept {
    std::uint64_t seen = body.owner.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
    if (seen != kFree && !(seen == kOffered && slept)) return Look::held;
    // SYNC(owner): as in try_acquire()
    if (!body.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed))
      return Look::again;
    note_processor(body, self);
    // Others may still sleep; our release wakes the next.
    if (slept) body.waiters.fetch_or(kAsleep, std::memory_order_relaxed);  // relaxed: read by our own release
    Env::reached(Point::lock_taken_slowly);
    return Look::taken;
  }
  static bool take_over(Body& body, ThreadSelf& self, bool thorough) noexcept;
  static void mark_taken_over(Body& body) noexcept {
    Env::reached(Point::lock_taken_over);
    body.died.store(1, std::memory_order_relaxed);        // relaxed: read under the lock, else a hint
    body.deaths.fetch_add(1, std::memory_order_relaxed);  // relaxed: read under the lock, else a statistic
  }
  static void wake_one(Body& body) noexcept;
  static void pass_on(Body& body, ThreadSelf& self) noexcept;
};

template <class Env>
Acquired BasicLockCore<Env>::acquire_slowly(Body& body, ThreadSelf& self, Deadline deadline,
                                            const std::stop_token* stop) {
  // Who does not wait takes an offer too, and does not spin.
  if (deadline.expired()) return try_acquire(body, self) ? Acquired::yes : Acquired::timed_out;
  Env::look_where(self);
  // relaxed: a hint
  auto holder = static_cast<std::int32_t>(body.cpu.load(std::memory_order_relaxed)) - 1;
  typename Env::Spin spin(Env::same_processor(self, holder));
  do {
    Look seen = look(body, self, false);
    if (seen == Look::taken) return Acquired::yes;
  } while (spin.again());

  StopWaker<Env> waker(stop, body.waiters);
  typename Env::Patience patience;
  unsigned wakes = 0;
  bool slept = false;
  while (true) {
    // An offer has had its moment by now: who has spun for it may take it, else nobody might.
    Look seen = look(body, self, true);
    if (seen == Look::taken) return Acquired::yes;
    if (seen == Look::again) continue;
    bool stopped = stop_is_requested(stop);
    if (stopped || deadline.expired()) {
      if (slept) pass_on(body, self);
      return stopped ? Acquired::stopped : Acquired::timed_out;
    }
    // Once woken in vain is bad luck; from then on the owner is asked to leave the lock to us.
    std::uint32_t mark = wakes > 1 ? kAsleep | kStarving : kAsleep;
    // relaxed: ordered by the fence
    std::uint32_t expected = body.waiters.fetch_or(mark, std::memory_order_relaxed) | mark;
    Env::heavy_fence(self);
    seen = look(body, self, true);
    if (seen == Look::taken) return Acquired::yes;
    if (seen == Look::again || stop_is_requested(stop)) continue;
    Env::reached(Point::lock_about_to_sleep);
    auto result = Env::sleep(body.waiters, expected, Deadline::earlier(deadline, patience.next()));
    Env::reached(Point::lock_woken);
    slept = true;
    if (result == os::FutexWait::woken) ++wakes;
    if (result != os::FutexWait::timed_out) continue;
    patience.lengthen();
    if (take_over(body, self, patience.looks_closest())) return Acquired::yes;
  }
}

template <class Env>
bool BasicLockCore<Env>::take_over(Body& body, ThreadSelf& self, bool thorough) noexcept {
  std::uint64_t seen = body.owner.load(std::memory_order_relaxed);  // relaxed: the compare-exchange orders
  if (seen == kFree || seen == kOffered || !Env::is_dead(seen, thorough)) return false;
  // SYNC(owner): the death, which the system reported, orders the dead owner's stores before this
  if (!body.owner.compare_exchange_strong(seen, self.word, std::memory_order_acquire, std::memory_order_relaxed))
    return false;
  mark_taken_over(body);
  note_processor(body, self);
  body.waiters.fetch_or(kAsleep, std::memory_order_relaxed);  // relaxed: read by our own release
  return true;
}

template <class Env>
void BasicLockCore<Env>::release_slowly(Body& body, ThreadSelf& self) noexcept {
  Env::look_where(self);
  // relaxed: a hint: an offer is never necessary
  bool offer = (body.waiters.load(std::memory_order_relaxed) & kStarving) != 0;
  // SYNC(owner): as in release()
  body.owner.store(offer ? kOffered : kFree, std::memory_order_release);
  Env::light_fence(self);
  wake_one(body);
}

template <class Env>
void BasicLockCore<Env>::wake_one(Body& body) noexcept {
  // A death from here on loses the wake-up; the sleepers' bounded waits make up for it.
  Env::reached(Point::lock_released_before_wake);
  // relaxed: whoever takes the mark down sends the wake-up; the futex call orders
  if (body.waiters.exchange(0, std::memory_order_relaxed) == 0) return;
  Env::reached(Point::lock_wake_claimed);
  Env::wake(body.waiters, 1);
}

// Who gives up may have been woken with the only wake-up: the next gets it.
template <class Env>
void BasicLockCore<Env>::pass_on(Body& body, ThreadSelf& self) noexcept {
  Env::reached(Point::lock_giving_up);
  std::uint64_t offered = kOffered;
  // relaxed: nothing was read under the lock
  body.owner.compare_exchange_strong(offered, kFree, std::memory_order_relaxed);
  body.waiters.fetch_or(kAsleep, std::memory_order_relaxed);  // relaxed: ordered by the fence
  Env::heavy_fence(self);
  // relaxed: ordered by the fence; an owner that releases later finds the mark
  if (body.owner.load(std::memory_order_relaxed) == kFree) wake_one(body);
}

using LockCore = BasicLockCore<System>;
extern template struct BasicLockCore<System>;

}  // namespace cohort::sync
