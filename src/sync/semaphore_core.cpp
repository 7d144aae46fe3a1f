// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/semaphore_core.hpp"

#include "base/crash_point.hpp"

namespace cohort::sync {

void SemaphoreCore::at_semaphore_place(park::Place place) noexcept {
  switch (place) {
    case park::Place::about_to_sleep: COHORT_CRASH_POINT("sync.semaphore.about_to_sleep"); break;
    case park::Place::seen: COHORT_CRASH_POINT("sync.semaphore.released_before_wake"); break;
    case park::Place::claimed: COHORT_CRASH_POINT("sync.semaphore.wake_claimed"); break;
    default: break;
  }
}

Acquired SemaphoreCore::acquire_slowly(SemaphoreBody& body, const Until& until) {
  return wait(
      body, until, [&body] { return try_acquire(body); },
      // relaxed: a look
      [&body] { return body.value.load(std::memory_order_relaxed) != 0; }, park::Hooks::kNothingOverdue);
}

Acquired SemaphoreCore::wait(SemaphoreBody& body, const Until& until, FunctionRef<bool()> take,
                             FunctionRef<bool()> is_there, park::Hooks::Overdue take_over) {
  park::WaitWord word(body.waiters);
  park::Progress progress;
  auto take_slowly = [&] {
    if (!take()) return false;
    if (!progress.spinning) COHORT_CRASH_POINT("sync.semaphore.taken_slowly");
    return true;
  };
  park::Hooks hooks{.at = at_semaphore_place, .overdue = take_over};
  park::Waited waited = word.wait(take_slowly, until, hooks, progress);
  // One wake-up may stand for several releases, and whoever was woken sees to the rest.
  if (waited.slept) word.pass_on(is_there, at_semaphore_place);
  return acquired(waited);
}

}  // namespace cohort::sync
