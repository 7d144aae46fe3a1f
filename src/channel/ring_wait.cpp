// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "channel/ring_wait.hpp"

#include <chrono>
#include <climits>

#include "base/crash_point.hpp"
#include "channel/ring_sides.hpp"
#include "channel/side_lock.hpp"
#include "cohort/base/error.hpp"
#include "os/cpu.hpp"
#include "os/futex.hpp"
#include "shm/lock.hpp"

namespace cohort::channel {

namespace {

// No lost wake-up is waited for longer.
constexpr std::chrono::milliseconds kLongestSleep{100};
// What a sleep and wake-up across processors cost: measured 22 µs one way.
constexpr std::chrono::microseconds kLongestSpin{25};
// Looks of a producer at a full ring are this far apart: the consumer gets on meanwhile.
constexpr unsigned kPausesWhenFull = 8;

}  // namespace

void RingWait::Waker::operator()() const noexcept { wake_partners(*side, INT_MAX); }

bool RingWait::again(FunctionRef<bool()> ready) {
  if (limits_.deadline.expired() || stopped()) {
    // Perhaps we were woken for what came: somebody else takes it.
    finish(ready);
    return false;
  }
  // Who has slept for 100 ms and was not woken sleeps on: an idle waiter costs next to nothing.
  if (!idle_ && spin(ready)) return true;
  // A stop wakes from here on; one that came before is seen by the look after it.
  if (limits_.stop != nullptr && limits_.stop->stop_possible() && !waker_) waker_.emplace(*limits_.stop, Waker{&side_});
  if (!stopped()) sleep(ready);
  return true;
}

bool RingWait::spin(FunctionRef<bool()> ready) {
  // relaxed: a hint
  auto cpu = static_cast<int>(side_.cpu.load(std::memory_order_relaxed)) - 1;
  if (cpu >= 0 && cpu == os::current_cpu()) return ready();
  Deadline::Clock::time_point until{};
  for (unsigned look = 1;; ++look) {
    if (ready()) return true;
    for (unsigned i = 0; i < pauses_; ++i) os::spin_pause();
    // A clock read costs as much as a pause or two.
    if (look % 8 != 0) continue;
    auto now = Deadline::Clock::now();
    if (until == Deadline::Clock::time_point{}) until = now + kLongestSpin;
    if (now >= until) return ready();
  }
}

void RingWait::sleep(FunctionRef<bool()> ready) {
  std::uint32_t progress = side_.progress.load(std::memory_order_relaxed);  // relaxed: ordered by announce_sleeper()
  (void)partners_of(side_).announce();
  COHORT_CRASH_POINT("channel.wait.announced");
  if (ready() || stopped()) return;
  slept_ = true;
  auto result = os::futex_wait(side_.progress, progress, Deadline::earlier(limits_.deadline, Deadline(kLongestSleep)));
  idle_ = result == os::FutexWait::timed_out;
  COHORT_CRASH_POINT("channel.wait.woken");
}

void RingWait::pass_on(FunctionRef<bool()> more) noexcept {
  COHORT_CRASH_POINT("channel.wait.pass_on");
  // Announced first, then looked: what comes between the two is seen here, and what comes later wakes by itself.
  (void)partners_of(side_).announce();
  if (more()) wake_partners(side_, 1);
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
  } catch (const shm::LockedOut&) {
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
  Taken taken = try_take(ring, message);
  if (taken == Taken::comes_in_pieces) throw_damaged("a queue holds a part of a message");
  return taken == Taken::message;
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

}  // namespace cohort::channel
