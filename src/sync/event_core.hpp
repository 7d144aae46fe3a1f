// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A flag that processes wait for: docs/formats/sync.md "Event", in code.
//
// Each set() gives the state a number of its own, so that who waited sees it even when clear() follows at once. Nobody is
// counted: a dead waiter leaves nothing behind.
#pragma once

#include "sync/lock_core.hpp"
#include "sync/stop_waker.hpp"
#include "sync/system.hpp"

namespace cohort::sync {

template <class Env>
struct alignas(64) BasicEventBody {
  typename Env::Word32 state{};    ///< bit 0: set; the rest counts sets
  typename Env::Word32 waiters{};  ///< futex: kAsleep
};
using EventBody = BasicEventBody<System>;

template <class Env>
struct BasicEventCore {
  using Body = BasicEventBody<Env>;

  [[nodiscard]] static bool is_set(const Body& body) noexcept {
    // SYNC(event): acquire here <- release in set(); carries what was done before the set
    return (body.state.load(std::memory_order_acquire) & 1) != 0;
  }

  static void set(Body& body, ThreadSelf& self) noexcept {
    // relaxed: the compare-exchange decides
    std::uint32_t state = body.state.load(std::memory_order_relaxed);
    do {
      if ((state & 1) != 0) break;
      // SYNC(event): release here -> acquire in is_set(), wait()
    } while (!body.state.compare_exchange_weak(state, (state + 2) | 1, std::memory_order_acq_rel,
                                               std::memory_order_relaxed));
    // Also when it was set already: who set it may have died before it woke anybody.
    Env::light_fence(self);
    // relaxed: ordered by the fence
    std::uint32_t waiters = body.waiters.load(std::memory_order_relaxed);
    if ((waiters & kAsleep) == 0) return;
    Env::reached(Point::event_set_before_wake);
    // A value that was not there before: who is about to sleep must see a change, also when another sets the mark again.
    // relaxed: all are woken; the futex call orders
    body.waiters.store((waiters & ~(kDisturbance - 1)) + kDisturbance, std::memory_order_relaxed);
    Env::wake_all(body.waiters);
  }

  static void clear(Body& body) noexcept {
    body.state.fetch_and(~std::uint32_t{1}, std::memory_order_relaxed);  // relaxed: nothing is handed over
  }

  /// True when it is set, or was set at some moment since the call began.
  static Acquired wait(Body& body, ThreadSelf& self, Deadline deadline, const std::stop_token* stop = nullptr) {
    // SYNC(event): as in is_set()
    std::uint32_t first = body.state.load(std::memory_order_acquire);
    if ((first & 1) != 0) return Acquired::yes;
    // SYNC(event): as in is_set(). A state that differs from the first, which was not set, was set in between.
    auto was_set = [&] { return body.state.load(std::memory_order_acquire) != first; };
    typename Env::Spin spin(false);
    do {
      if (was_set()) return Acquired::yes;
    } while (!deadline.expired() && spin.again());

    StopWaker<Env> waker(stop, body.waiters);
    typename Env::Patience patience;
    while (true) {
      bool stopped = stop_is_requested(stop);
      if (was_set()) return Acquired::yes;
      if (stopped) return Acquired::stopped;
      if (deadline.expired()) return Acquired::timed_out;
      // relaxed: ordered by the fence
      std::uint32_t expected = body.waiters.fetch_or(kAsleep, std::memory_order_relaxed) | kAsleep;
      Env::heavy_fence(self);
      if (was_set() || stop_is_requested(stop)) continue;
      auto result = Env::sleep(body.waiters, expected, Deadline::earlier(deadline, patience.next()));
      if (result == os::FutexWait::timed_out) patience.lengthen();
    }
  }
};

using EventCore = BasicEventCore<System>;
extern template struct BasicEventCore<System>;

}  // namespace cohort::sync
