// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/ring_wait.hpp"

#include "base/crash_point.hpp"
#include "os/cpu.hpp"
#include "ring/side_lock.hpp"

namespace cohort::ring {

namespace {

void at_wait_place(park::Place place) noexcept {
  switch (place) {
    case park::Place::announced: COHORT_CRASH_POINT("channel.wait.announced"); break;
    case park::Place::woken: COHORT_CRASH_POINT("channel.wait.woken"); break;
    case park::Place::claimed: COHORT_CRASH_POINT("channel.wake.before"); break;
    default: break;
  }
}

}  // namespace

bool RingWait::again(FunctionRef<bool()> ready, Overdue overdue) {
  if (until_.over()) {
    // Perhaps we were woken for what came: somebody else takes it.
    finish(ready);
    return false;
  }
  // relaxed: a hint
  auto cpu = static_cast<int>(side_.cpu.load(std::memory_order_relaxed)) - 1;
  // Who has slept for long and was not woken sleeps on without a spin: an idle waiter costs next to nothing.
  park::Hooks hooks{.spin = {.looks = 1u << 20,
                             .looks_beside = 1,
                             .pauses = pauses_,
                             .most_pauses = pauses_,
                             .after_each_sleep = true},
                    .beside = cpu >= 0 && cpu == os::current_cpu(),
                    .patience = park::Patience::of_an_idle_waiter(),
                    .at = at_wait_place,
                    .overdue = overdue};
  park::Waited waited = partners_of(side_).wait(ready, until_, hooks);
  slept_ = slept_ || waited.slept;
  if (waited.ready()) return true;
  finish(ready);
  return false;
}

void RingWait::pass_on(FunctionRef<bool()> more) noexcept {
  COHORT_CRASH_POINT("channel.wait.pass_on");
  partners_of(side_).pass_on(more, at_wait_place);
}

}  // namespace cohort::ring
