// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "sync/barrier_core.hpp"

#include <algorithm>
#include <chrono>

#include "base/crash_point.hpp"

namespace cohort::sync {

namespace {

// Who has the internal lock and runs is done in far less.
constexpr std::chrono::milliseconds kLeastWait{20};

void at_barrier_place(park::Place place) noexcept {
  if (place == park::Place::about_to_sleep) COHORT_CRASH_POINT("sync.barrier.about_to_sleep");
}

}  // namespace

// The internal lock. Who gets it from one who died in it finds the meeting half changed, and breaks it.
class BarrierCore::Turn {
 public:
  /// Waits for it until the deadline, but for 20 ms at least.
  Turn(BarrierCore& core, ThreadSelf& self, Deadline deadline = Deadline::never()) noexcept;
  ~Turn() {
    if (!held_) return;
    LockCore::release(core_.body_.lock, self_);
    if (changed_) core_.wake(self_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  /// False: a party that is stopped has it.
  [[nodiscard]] bool held() const noexcept { return held_; }
  /// The sleepers are to look up when the turn ends.
  void changed() noexcept { changed_ = true; }

 private:
  BarrierCore& core_;
  ThreadSelf& self_;
  bool held_;
  bool changed_ = false;
};

// Not in the class: a crash point may not lie in an inline function.
BarrierCore::Turn::Turn(BarrierCore& core, ThreadSelf& self, Deadline deadline) noexcept
    : core_(core),
      self_(self),
      held_(LockCore::acquire(core.body_.lock, self, Deadline::later(deadline, Deadline(kLeastWait))) ==
            Acquired::yes) {
  // relaxed below: under the lock
  if (!held_) return;
  LockBody& lock = core.body_.lock;
  if (lock.died.load(std::memory_order_relaxed) == 0) return;
  core.end_phase(false);
  core.body_.broken.store(1, std::memory_order_relaxed);
  COHORT_CRASH_POINT("sync.barrier.mended");
  lock.died.store(0, std::memory_order_relaxed);
  changed_ = true;
}

// The store of the phase is what ends it: all before may be done again.
void BarrierCore::end_phase(bool passed) noexcept {
  std::uint64_t phase = body_.phase.load(std::memory_order_relaxed);  // relaxed: under the lock
  // relaxed: all: published by the store of the phase
  body_.passed[phase % kPhases].store(passed ? 1 : 0, std::memory_order_relaxed);
  body_.count.store(0, std::memory_order_relaxed);
  body_.acting.store(0, std::memory_order_relaxed);
  if (!passed) body_.broken.store(1, std::memory_order_relaxed);
  COHORT_CRASH_POINT("sync.barrier.ending");
  // SYNC(phase): release here -> acquire in has_ended(), await(); carries how it ended and what the parties did before
  body_.phase.store(phase + 1, std::memory_order_release);
  COHORT_CRASH_POINT("sync.barrier.ended");
}

bool BarrierCore::has_passed(std::uint64_t phase) const noexcept {
  return body_.passed[phase % kPhases].load(std::memory_order_relaxed) != 0;  // relaxed: see SYNC(phase)
}

void BarrierCore::break_phase(ThreadSelf& self, std::uint64_t phase, Deadline deadline) noexcept {
  Turn turn(*this, self, deadline);
  if (!turn.held()) {
    // Nobody who comes from now on passes, so the meeting does not: it lacks us.
    // relaxed: as good as under the lock, since only reset() takes it back
    body_.broken.store(1, std::memory_order_relaxed);
    return;
  }
  if (body_.phase.load(std::memory_order_relaxed) != phase) return;  // relaxed: under the lock
  end_phase(false);
  turn.changed();
}

void BarrierCore::wake(ThreadSelf& self) noexcept {
  COHORT_CRASH_POINT("sync.barrier.before_wake");
  park::WaitWord(body_.sleepers).wake_all(self.fences);
}

BarrierCore::Outcome BarrierCore::wait(ThreadSelf& self, const Until& until, const Action* action) {
  std::uint64_t phase = 0;
  std::uint32_t index = 0;
  switch (arrive(self, until, phase, index)) {
    case Arrival::broken: return {};
    case Arrival::too_late: return {.came = false};
    case Arrival::stopped: return {.stopped = true};
    case Arrival::last: return {run(self, phase, action, until.deadline), index};
    case Arrival::first: break;
  }
  return await(self, phase, index, until);
}

BarrierCore::Arrival BarrierCore::arrive(ThreadSelf& self, const Until& until, std::uint64_t& phase,
                                         std::uint32_t& index) {
  while (true) {
    {
      Turn turn(*this, self, until.deadline);
      if (!turn.held()) return Arrival::too_late;
      // relaxed below: under the lock; to others a hint
      if (body_.broken.load(std::memory_order_relaxed) != 0) return Arrival::broken;
      std::uint32_t parties = body_.parties.load(std::memory_order_relaxed);
      phase = body_.phase.load(std::memory_order_relaxed);
      index = body_.count.load(std::memory_order_relaxed);
      if (index < parties) {
        body_.inside(index).store(self.word, std::memory_order_relaxed);
        COHORT_CRASH_POINT("sync.barrier.arriving");
        body_.count.store(index + 1, std::memory_order_relaxed);
        if (index + 1 < parties) return Arrival::first;
        body_.acting.store(1, std::memory_order_relaxed);
        return Arrival::last;
      }
    }
    // All have come and the action runs: we are of the next meeting.
    if (Acquired slept = sleep(self, phase, until); slept != Acquired::yes) {
      break_phase(self, phase, Deadline::now());
      return slept == Acquired::stopped ? Arrival::stopped : Arrival::broken;
    }
  }
}

bool BarrierCore::run(ThreadSelf& self, std::uint64_t phase, const Action* action, Deadline deadline) {
  if (action != nullptr) {
    COHORT_CRASH_POINT("sync.barrier.acting");
    try {
      (*action)();
    } catch (...) {
      break_phase(self, phase);
      throw;
    }
  }
  Turn turn(*this, self, deadline);
  if (!turn.held()) {
    body_.broken.store(1, std::memory_order_relaxed);  // relaxed: as in break_phase()
    return false;
  }
  if (body_.phase.load(std::memory_order_relaxed) != phase) return false;  // relaxed: under the lock
  end_phase(true);
  turn.changed();
  return true;
}

BarrierCore::Outcome BarrierCore::await(ThreadSelf& self, std::uint64_t phase, std::uint32_t index,
                                        const Until& until) {
  // A party that gives up breaks the meeting; unless it ended just before.
  const Acquired slept = sleep(self, phase, until);
  if (slept != Acquired::yes) break_phase(self, phase, Deadline::now());
  // SYNC(phase): acquire here <- release in end_phase()
  (void)body_.phase.load(std::memory_order_acquire);
  return {.passed = has_passed(phase), .index = index, .stopped = slept == Acquired::stopped};
}

Acquired BarrierCore::sleep(ThreadSelf& self, std::uint64_t phase, const Until& until) {
  // SYNC(phase): acquire here <- release in end_phase()
  auto has_ended = [&] { return body_.phase.load(std::memory_order_acquire) != phase; };
  auto overdue = [&](const park::Patience& patience) {
    if (patience.looks_closer() && !has_ended()) look_for_the_dead(self, phase);
    return false;
  };
  park::Hooks hooks{.at = at_barrier_place, .overdue = overdue};
  return acquired(park::WaitWord(body_.sleepers).wait(has_ended, until, hooks));
}

// Asking takes 15 µs a thread: a few of a large meeting at a time, others the next time and by the others.
void BarrierCore::look_for_the_dead(ThreadSelf& self, std::uint64_t phase) noexcept {
  constexpr std::uint32_t kAtOnce = 3;
  // Somebody gave up without the lock.
  // relaxed: a hint; decided under the lock
  if (body_.broken.load(std::memory_order_relaxed) != 0) return break_phase(self, phase, Deadline::now());
  std::uint64_t owner = LockCore::owner(body_.lock);
  if (owner != kFree && owner != self.word && thread_is_dead(owner, false)) {
    // It may have died between the stores that end a phase: nobody is inside then, and nobody has passed.
    Turn turn(*this, self, Deadline::now());
    return;
  }
  std::uint32_t parties = body_.parties.load(std::memory_order_relaxed);  // relaxed: constant
  // relaxed: a hint
  std::uint32_t count = std::min(body_.count.load(std::memory_order_relaxed), parties);
  if (count == 0) return;
  auto start = static_cast<std::uint32_t>(Deadline::Clock::now().time_since_epoch().count() / 1000 % count);
  for (std::uint32_t i = 0; i < std::min(count, kAtOnce); ++i) {
    // relaxed: a hint; decided under the lock
    std::uint64_t thread = body_.inside((start + i) % count).load(std::memory_order_relaxed);
    if (thread == 0 || thread == self.word || !thread_is_dead(thread, false)) continue;
    Turn turn(*this, self, Deadline::now());
    if (body_.phase.load(std::memory_order_relaxed) != phase) return;  // relaxed: under the lock
    end_phase(false);
    turn.changed();
    return;
  }
}

void BarrierCore::abort(ThreadSelf& self) noexcept {
  Turn turn(*this, self);
  end_phase(false);
  turn.changed();
}

void BarrierCore::reset(ThreadSelf& self) noexcept {
  // relaxed below: under the lock
  Turn turn(*this, self);
  if (body_.count.load(std::memory_order_relaxed) != 0) end_phase(false);
  COHORT_CRASH_POINT("sync.barrier.resetting");
  body_.broken.store(0, std::memory_order_relaxed);
  turn.changed();
}

bool BarrierCore::broken(ThreadSelf& self) noexcept {
  Turn turn(*this, self);                                    // who died in it has broken it
  return body_.broken.load(std::memory_order_relaxed) != 0;  // relaxed: under the lock
}

std::uint32_t BarrierCore::waiting() const noexcept {
  // relaxed: both: old at once
  if (body_.broken.load(std::memory_order_relaxed) != 0) return 0;
  return body_.count.load(std::memory_order_relaxed);
}

void BarrierCore::mend(ThreadSelf& self, FunctionRef<bool(std::uint64_t)> is_dead) noexcept {
  // relaxed below: under the lock
  Turn turn(*this, self);
  std::uint32_t parties = body_.parties.load(std::memory_order_relaxed);  // relaxed: constant
  std::uint32_t count = std::min(body_.count.load(std::memory_order_relaxed), parties);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!is_dead(body_.inside(i).load(std::memory_order_relaxed))) continue;
    end_phase(false);
    turn.changed();
    return;
  }
}

}  // namespace cohort::sync
