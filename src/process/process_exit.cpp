// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/process_exit.hpp"

#include <atomic>
#include <cstdlib>

#include "family/family.hpp"
#include "os/process.hpp"
#include "process/children.hpp"
#include "process/finalizers.hpp"
#include "process/fork_server_client.hpp"
#include "process/uncaught.hpp"

namespace cohort::detail {

namespace {

std::atomic<int> registered_pid{0};
std::atomic<bool> ran{false};

}  // namespace

void register_process_exit() {
  int pid = os::process_id();
  // relaxed: both: of this process alone, and std::atexit orders
  int before = registered_pid.exchange(pid, std::memory_order_relaxed);
  if (before == pid) return;
  ran.store(false, std::memory_order_relaxed);
  // The family registers its own end when it is made; made first, it ends last.
  (void)family::Family::instance();
  // A forked copy inherits the registration.
  if (before == 0)
    std::atexit([] {
      // relaxed: as it was registered
      if (registered_pid.load(std::memory_order_relaxed) == os::process_id()) run_process_exit();
    });
}

void run_process_exit() noexcept {
  if (ran.exchange(true, std::memory_order_relaxed)) return;  // relaxed: once is all that counts
  try {
    run_finalizers(true);
    end_children();
    run_finalizers(false);
  } catch (...) {  // out of memory at the end of the process; what is left the kernel cleans up
  }
  stop_fork_servers();
}

// relaxed: of a process with one thread
void reset_process_exit() noexcept { ran.store(false, std::memory_order_relaxed); }

}  // namespace cohort::detail
