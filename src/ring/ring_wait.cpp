// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/ring_wait.hpp"

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/lock.hpp"
#include "os/cpu.hpp"
#include "ring/ring_sides.hpp"
#include "ring/side_lock.hpp"

namespace cohort::ring {

namespace {

// Looks of a producer at a full ring are this far apart: the consumer gets on meanwhile.
constexpr unsigned kPausesWhenFull = 8;

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

// ---- the operations --------------------------------------------------------------------------------------------------

namespace {

// relaxed: who finds it ready looks again under the lock
bool has_items(const RingBody& ring) noexcept {
  return ring.in.position.load(std::memory_order_relaxed) != ring.out.position.load(std::memory_order_relaxed);
}

}  // namespace

// The waits stand apart from the first looks, which need no place on the stack for them.

namespace {

[[gnu::noinline]] bool wait_to_put(RingBody& ring, const Message& message, const WaitLimits& limits) {
  RingWait wait(ring.out, limits, kPausesWhenFull);
  while (wait.again([&] { return !is_full(ring); })) {
    if (!try_put(ring, message)) continue;
    wait.finish([&] { return !is_full(ring); });
    return true;
  }
  return false;
}

[[gnu::noinline]] std::size_t wait_to_put_plain(RingBody& ring, const std::byte* values, std::size_t size,
                                                std::size_t count, std::size_t done, const WaitLimits& limits) {
  RingWait wait(ring.out, limits, kPausesWhenFull);
  try {
    while (wait.again([&] { return !is_full(ring); })) {
      done += try_put_plain(ring, values + done * size, size, count - done);
      if (done == count) break;
    }
  } catch (const family::LockedOut&) {
    // Those that were put are put.
    if (done == 0) throw;
  }
  wait.finish([&] { return !is_full(ring); });
  return done;
}

}  // namespace

bool put(RingBody& ring, const Message& message, const WaitLimits& limits) {
  if (try_put(ring, message)) [[likely]]
    return true;
  return wait_to_put(ring, message, limits);
}

std::size_t put_plain(RingBody& ring, const std::byte* values, std::size_t size, std::size_t count,
                      const WaitLimits& limits) {
  std::size_t done = try_put_plain(ring, values, size, count);
  if (done == count) [[likely]]
    return done;
  return wait_to_put_plain(ring, values, size, count, done, limits);
}

namespace {

// Of a queue, in which nothing comes in pieces.
bool take_whole(RingBody& ring, detail::ReceivedMessage& message) {
  Received received = try_take(ring, message);
  if (received == Received::piece) throw_damaged("a queue holds a part of a message");
  return received == Received::message;
}

[[gnu::noinline]] bool wait_to_take(RingBody& ring, detail::ReceivedMessage& message, const WaitLimits& limits) {
  RingWait wait(ring.in, limits);
  while (wait.again([&] { return has_items(ring); })) {
    if (!take_whole(ring, message)) continue;
    wait.finish([&] { return has_items(ring); });
    return true;
  }
  return false;
}

[[gnu::noinline]] std::size_t wait_to_take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most,
                                                 const WaitLimits& limits) {
  RingWait wait(ring.in, limits);
  while (wait.again([&] { return has_items(ring); })) {
    std::size_t done = try_take_plain(ring, to, size, most, limits.verb);
    if (done == 0) continue;
    wait.finish([&] { return has_items(ring); });
    return done;
  }
  return 0;
}

}  // namespace

bool take(RingBody& ring, detail::ReceivedMessage& message, const WaitLimits& limits) {
  keep_pace(ring);
  if (take_whole(ring, message)) [[likely]]
    return true;
  return wait_to_take(ring, message, limits);
}

std::size_t take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most, const WaitLimits& limits) {
  keep_pace(ring);
  std::size_t done = try_take_plain(ring, to, size, most, limits.verb);
  if (done != 0 || most == 0) [[likely]]
    return done;
  return wait_to_take_plain(ring, to, size, most, limits);
}

bool wait_for_items(RingBody& ring, const WaitLimits& limits) {
  if (has_items(ring)) return true;
  RingWait wait(ring.in, limits);
  while (wait.again([&] { return has_items(ring); })) {
    if (!has_items(ring)) continue;
    wait.finish([] { return true; });
    return true;
  }
  return false;
}

}  // namespace cohort::ring
