// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A counting semaphore: docs/formats/sync.md "Semaphore", in code.
//
// The value is all there is: an acquire is one compare-exchange that takes one off, so there is no moment at which a
// death could leave a permit neither here nor there. Who has a permit is not recorded, and a permit that a dead process had
// taken stays taken. Permits that have owners: owned_semaphore_core.hpp.
#pragma once

#include "sync/lock_core.hpp"
#include "sync/stop_waker.hpp"
#include "sync/system.hpp"

namespace cohort::sync {

inline constexpr std::uint32_t kMostPermits = 2147483647;  // Python's SEM_VALUE_MAX

template <class Env>
struct alignas(64) BasicSemaphoreBody {
  typename Env::Word32 value{};
  typename Env::Word32 waiters{};  ///< futex: kAsleep
  typename Env::Word32 most{};     ///< constant: what value may not exceed
  typename Env::Word32 places{};   ///< constant: permits with owners, whose words lie behind; value and most are 0 then
  typename Env::Word32 died{};     ///< with owners: 1 from a take-over until somebody says that all is sound
  typename Env::Word32 deaths{};   ///< take-overs
};
using SemaphoreBody = BasicSemaphoreBody<System>;
static_assert(sizeof(SemaphoreBody) == 64);

template <class Env>
struct BasicSemaphoreCore {
  using Body = BasicSemaphoreBody<Env>;

  static bool try_acquire(Body& body) noexcept {
    // relaxed: the compare-exchange orders
    std::uint32_t value = body.value.load(std::memory_order_relaxed);
    while (value != 0) {
      // SYNC(permit): acquire here <- release compare-exchange in release(); carries what was done before the release
      if (body.value.compare_exchange_weak(value, value - 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    }
    return false;
  }

  static Acquired acquire(Body& body, ThreadSelf& self, Deadline deadline, const std::stop_token* stop = nullptr) {
    if (try_acquire(body)) [[likely]]
      return Acquired::yes;
    return acquire_slowly(body, self, deadline, stop);
  }

  /// Adds `count` permits. False, and nothing done, when there would be more than allowed.
  static bool release(Body& body, ThreadSelf& self, std::uint32_t count = 1) noexcept {
    std::uint32_t most = body.most.load(std::memory_order_relaxed);  // relaxed: constant
    // relaxed: the compare-exchange decides
    std::uint32_t value = body.value.load(std::memory_order_relaxed);
    do {
      if (value > most || count > most - value) return false;
      // SYNC(permit): release here -> acquire in try_acquire(); acquire so that releases form a chain
    } while (
        !body.value.compare_exchange_weak(value, value + count, std::memory_order_acq_rel, std::memory_order_relaxed));
    wake_after_release(body, self, count);
    return true;
  }

  static Acquired acquire_slowly(Body& body, ThreadSelf& self, Deadline deadline, const std::stop_token* stop) {
    // relaxed: a look
    auto is_there = [&body] { return body.value.load(std::memory_order_relaxed) != 0; };
    return wait(
        body, self, deadline, stop, [&body] { return try_acquire(body); }, is_there,
        [](const typename Env::Patience&) { return false; });
  }

  /// Waits until `take()` has taken a permit. `is_there()`: whether one is free. `take_over(patience)`: after a sleep that
  /// nobody ended, whether one could be taken from a dead owner.
  template <class Take, class IsThere, class TakeOver>
  static Acquired wait(Body& body, ThreadSelf& self, Deadline deadline, const std::stop_token* stop, Take take,
                       IsThere is_there, TakeOver take_over);
  /// After permits were released: wakes up to `count` of those who sleep.
  static void wake_after_release(Body& body, const ThreadSelf& self, std::uint32_t count) noexcept {
    Env::light_fence(self);
    // relaxed: ordered by the fence
    if (body.waiters.load(std::memory_order_relaxed) != 0) [[unlikely]]
      wake(body, count);
  }

 private:
  static void wake(Body& body, std::uint32_t count) noexcept;
  template <class IsThere>
  static void pass_on(Body& body, ThreadSelf& self, IsThere is_there) noexcept;
};

template <class Env>
template <class Take, class IsThere, class TakeOver>
Acquired BasicSemaphoreCore<Env>::wait(Body& body, ThreadSelf& self, Deadline deadline, const std::stop_token* stop,
                                       Take take, IsThere is_there, TakeOver take_over) {
  typename Env::Spin spin(false);
  do {
    if (take()) return Acquired::yes;
  } while (!deadline.expired() && spin.again());

  StopWaker<Env> waker(stop, body.waiters);
  typename Env::Patience patience;
  bool slept = false;
  while (true) {
    bool stopped = stop_is_requested(stop);
    if (take()) {
      Env::reached(Point::semaphore_taken_slowly);
      // One wake-up may stand for several releases: whoever was woken sees to the rest.
      if (slept) pass_on(body, self, is_there);
      return Acquired::yes;
    }
    if (stopped || deadline.expired()) {
      if (slept) pass_on(body, self, is_there);
      return stopped ? Acquired::stopped : Acquired::timed_out;
    }
    // relaxed: ordered by the fence
    std::uint32_t expected = body.waiters.fetch_or(kAsleep, std::memory_order_relaxed) | kAsleep;
    Env::heavy_fence(self);
    if (is_there() || stop_is_requested(stop)) continue;
    Env::reached(Point::semaphore_about_to_sleep);
    auto result = Env::sleep(body.waiters, expected, Deadline::earlier(deadline, patience.next()));
    slept = true;
    if (result != os::FutexWait::timed_out) continue;
    patience.lengthen();
    if (!take_over(patience)) continue;
    pass_on(body, self, is_there);
    return Acquired::yes;
  }
}

template <class Env>
void BasicSemaphoreCore<Env>::wake(Body& body, std::uint32_t count) noexcept {
  // A death from here on loses the wake-up; the sleepers' bounded waits make up for it.
  Env::reached(Point::semaphore_released_before_wake);
  // relaxed: whoever takes the mark down sends the wake-up; the futex call orders
  if (body.waiters.exchange(0, std::memory_order_relaxed) == 0) return;
  Env::reached(Point::semaphore_wake_claimed);
  Env::wake(body.waiters, static_cast<int>(count));
}

template <class Env>
template <class IsThere>
void BasicSemaphoreCore<Env>::pass_on(Body& body, ThreadSelf& self, IsThere is_there) noexcept {
  body.waiters.fetch_or(kAsleep, std::memory_order_relaxed);  // relaxed: ordered by the fence
  Env::heavy_fence(self);
  // Ordered by the fence; who releases later finds the mark.
  if (is_there()) wake(body, 1);
}

using SemaphoreCore = BasicSemaphoreCore<System>;
extern template struct BasicSemaphoreCore<System>;

}  // namespace cohort::sync
