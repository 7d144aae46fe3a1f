// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "process/parent_watch.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>

#include "os/poller.hpp"
#include "os/process.hpp"
#include "os/thread.hpp"
#include "process/service_thread.hpp"

namespace cohort::detail {

namespace {

// Leaked on purpose: static destructors may still start children.
std::mutex& own_life_mutex() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

}  // namespace

int own_life_fd() {
  static int pid = 0;
  static int fd = -1;
  std::lock_guard guard(own_life_mutex());
  if (pid != os::process_id()) {
    // A forked copy has its parent's; it stays open there for the bond, see bind_to_parent().
    pid = os::process_id();
    fd = os::open_pidfd(pid).release();
  }
  return fd;
}

std::unique_lock<std::mutex> lock_own_life_for_fork() { return std::unique_lock(own_life_mutex()); }

namespace {

std::atomic<std::uint64_t> fallbacks{0};

// Nobody is left to tell: no flush, no handlers.
[[noreturn]] void die() {
  os::signal_child(os::process_id(), SIGKILL);
  os::end_process(137);
}

// Where the kernel has no pidfd, the parent's end shows in getppid().
void poll_parent(void* raw) {
  int parent_pid = static_cast<int>(reinterpret_cast<std::intptr_t>(raw));
  while (os::parent_process_id() == parent_pid) (void)os::wait_any_readable({}, std::chrono::milliseconds(50));
  die();
}

}  // namespace

void bind_to_parent(os::Fd parent, int parent_pid) {
  // A stopped child could not act on its parent's end: the kernel is to wake it then. The signal also comes, and does no
  // harm, when only the thread that forked us ends.
  os::set_parent_death_signal(SIGCONT);
  if (!parent) {
    fallbacks.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter
    os::start_thread(poll_parent, reinterpret_cast<void*>(static_cast<std::intptr_t>(parent_pid)), "cohort-service",
                     64 * 1024);
    return;
  }
  if (os::is_readable(parent.get())) die();
  auto kept = std::make_shared<os::Fd>(std::move(parent));
  watch(kept->get(), [kept] { die(); });
}

std::uint64_t parent_watch_fallbacks() noexcept {
  return fallbacks.load(std::memory_order_relaxed);  // relaxed: a counter
}

}  // namespace cohort::detail
