// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/parent_watch.hpp"

#include <atomic>
#include <csignal>

#include "os/life_bond.hpp"
#include "os/poller.hpp"
#include "os/process.hpp"

namespace cohort::detail {

namespace {

std::atomic<std::uint64_t> fallbacks{0};

}  // namespace

int bind_to_parent(os::Fd parent, int parent_pid) noexcept {
  // A stopped child could not act on its parent's end: the kernel is to wake it then. The signal also comes, and does
  // no harm, when only the thread that forked us ends.
  os::set_parent_death_signal(SIGCONT);
  if (!parent) fallbacks.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
  // Nobody is left to tell: no flush, no handlers.
  if (parent && os::is_readable(parent.get())) os::end_process(137);
  return os::bind_life(parent.release(), parent_pid);
}

std::uint64_t parent_watch_fallbacks() noexcept {
  return fallbacks.load(std::memory_order_relaxed);  // relaxed: a counter
}

}  // namespace cohort::detail
