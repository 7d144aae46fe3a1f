// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The names of the cores' crash points. Here, because the cores are templates, and a point's name must lie in one place.
#include "base/crash_point.hpp"
#include "sync/system.hpp"

#if defined(COHORT_CRASH_POINTS) && COHORT_CRASH_POINTS

namespace cohort::sync {

void reach(Point point) noexcept {
  switch (point) {
    case Point::lock_taken_slowly: COHORT_CRASH_POINT("sync.lock.taken_slowly"); break;
    case Point::lock_about_to_sleep: COHORT_CRASH_POINT("sync.lock.about_to_sleep"); break;
    case Point::lock_woken: COHORT_CRASH_POINT("sync.lock.woken"); break;
    case Point::lock_taken_over: COHORT_CRASH_POINT("sync.lock.taken_over"); break;
    case Point::lock_released_before_wake: COHORT_CRASH_POINT("sync.lock.released_before_wake"); break;
    case Point::lock_wake_claimed: COHORT_CRASH_POINT("sync.lock.wake_claimed"); break;
    case Point::lock_giving_up: COHORT_CRASH_POINT("sync.lock.giving_up"); break;
    case Point::semaphore_taken_slowly: COHORT_CRASH_POINT("sync.semaphore.taken_slowly"); break;
    case Point::semaphore_about_to_sleep: COHORT_CRASH_POINT("sync.semaphore.about_to_sleep"); break;
    case Point::semaphore_released_before_wake: COHORT_CRASH_POINT("sync.semaphore.released_before_wake"); break;
    case Point::semaphore_wake_claimed: COHORT_CRASH_POINT("sync.semaphore.wake_claimed"); break;
    case Point::semaphore_taken_over: COHORT_CRASH_POINT("sync.semaphore.taken_over"); break;
    case Point::semaphore_told_of_death: COHORT_CRASH_POINT("sync.semaphore.told_of_death"); break;
  }
}

}  // namespace cohort::sync

#endif
