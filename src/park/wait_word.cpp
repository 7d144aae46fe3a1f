// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "park/wait_word.hpp"

namespace cohort::park {

bool WaitWord::spin(FunctionRef<bool()> ready, Progress& progress, const Until& until, const Hooks& hooks) {
  progress.spinning = true;
  bool found = ready();
  // A spin is so short that the deadline is looked at once.
  if (!found && !until.expired()) {
    Spin spin(hooks.spin, hooks.beside);
    while (!found && spin.again()) found = ready();
  }
  progress.spinning = false;
  return found;
}

Waited WaitWord::wait(FunctionRef<bool()> ready, const Until& until, const Hooks& hooks, Progress& progress) const {
  using End = Waited::End;
  if (spin(ready, progress, until, hooks)) return {End::ready, false};
  // A stop wakes from here on; one that came before is seen by the look after it.
  StopBell bell(until, word_);
  Patience patience = hooks.patience;
  while (true) {
    const bool stopped = until.stopped();
    if (ready()) return {End::ready, progress.slept};
    if (stopped) return {End::stopped, progress.slept};
    if (until.expired()) return {End::timed_out, progress.slept};
    const std::uint32_t seen = announce();
    hooks.at(Place::announced);
    if (ready()) return {End::ready, progress.slept};
    if (until.stopped()) continue;
    hooks.at(Place::about_to_sleep);
    const os::FutexWait result = os::futex_wait(word_, seen, Deadline::earlier(until.deadline, patience.next()));
    hooks.at(Place::woken);
    progress.slept = true;
    if (result == os::FutexWait::timed_out) {
      patience.lengthen();
      if (hooks.overdue(patience)) return {End::ready, true};
      continue;
    }
    if (result == os::FutexWait::woken) ++progress.wakes;
    if (hooks.spin.after_each_sleep && spin(ready, progress, until, hooks)) return {End::ready, true};
  }
}

std::uint32_t WaitWord::announce() const {
  std::uint32_t seen = 0;
  if (has_own_mark()) {
    seen = word_.fetch_or(bit_, std::memory_order_relaxed) | bit_;  // relaxed: ordered by the fence
  } else {
    // Before the mark: whoever takes the mark down changes the counter after that.
    // SYNC(counter): acquire here <- release in notify(); carries the change to those who have set their mark elsewhere
    seen = word_.load(std::memory_order_acquire);
    mark_.set();
  }
  // SYNC(sleepers): heavy fence here -> light fence of who wakes. Without a mark the caller has fenced behind its own.
  if (mark_.exists()) fences_ == Fences::both_full ? full_fence() : heavy_fence();
  return seen;
}

void WaitWord::pass_on(FunctionRef<bool()> more, AtPlace at) const {
  // First the mark, then the look: what comes between the two is seen here, and what comes later wakes by itself.
  (void)announce();
  if (!more()) return;
  // The mark of a counter stays: it may stand for those who wait for several objects.
  if (has_own_mark())
    wake_marked(1, at);
  else
    notify(1, at);
}

// Takes the marks down. The word becomes one that was not there before: who is about to sleep must see a change, also
// when another sets the mark again meanwhile. True when somebody may sleep; the caller wakes.
bool WaitWord::claim() const noexcept {
  std::uint32_t seen = word_.load(std::memory_order_relaxed);  // relaxed: the compare-exchange decides
  do {
    if ((seen & bit_) == 0) return false;
    // relaxed: who takes the marks down sends the wake-up; the futex call orders
  } while (!word_.compare_exchange_weak(seen, (seen & ~(kDisturbance - 1)) + kDisturbance, std::memory_order_relaxed,
                                        std::memory_order_relaxed));
  return true;
}

// A death in here loses the wake-up; the sleepers' bounded sleeps make up for it.
void WaitWord::wake_marked(int count, AtPlace at) const noexcept {
  at(Place::seen);
  if (!has_own_mark()) {
    if (mark_.take()) notify(count, at);
    return;
  }
  if (!claim()) return;
  at(Place::claimed);
  os::futex_wake(word_, count);
}

void WaitWord::notify(int count, AtPlace at) const noexcept {
  word_.fetch_add(1, std::memory_order_release);  // SYNC(counter): release here -> acquire in announce()
  at(Place::claimed);
  os::futex_wake(word_, count);
}

}  // namespace cohort::park
