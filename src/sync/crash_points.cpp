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
  }
}

}  // namespace cohort::sync

#endif
