// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/event_core.hpp"

#include "base/crash_point.hpp"

namespace cohort::sync {

namespace {

void at_event_place(park::Place place) noexcept {
  if (place == park::Place::seen) COHORT_CRASH_POINT("sync.event.set_before_wake");
}

}  // namespace

void EventCore::set(EventBody& body, const ThreadSelf& self) noexcept {
  // relaxed: the compare-exchange decides
  std::uint32_t state = body.state.load(std::memory_order_relaxed);
  do {
    if ((state & 1) != 0) break;
    // SYNC(event): release here -> acquire in is_set(), wait()
  } while (
      !body.state.compare_exchange_weak(state, (state + 2) | 1, std::memory_order_acq_rel, std::memory_order_relaxed));
  // Also when it was set already: who set it may have died before it woke anybody.
  park::WaitWord(body.waiters).wake_all(self.fences, at_event_place);
}

Acquired EventCore::wait(EventBody& body, const Until& until) {
  // SYNC(event): as in is_set()
  std::uint32_t first = body.state.load(std::memory_order_acquire);
  if ((first & 1) != 0) return Acquired::yes;
  // SYNC(event): as in is_set(). A state that differs from the first, which was not set, was set in between.
  auto was_set = [&] { return body.state.load(std::memory_order_acquire) != first; };
  return acquired(park::WaitWord(body.waiters).wait(was_set, until));
}

}  // namespace cohort::sync
