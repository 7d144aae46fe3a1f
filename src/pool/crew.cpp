// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/crew.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/exception_text.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "family/lock.hpp"
#include "os/process_attributes.hpp"
#include "pool/worker.hpp"
#include "process/process_core.hpp"
#include "process/service_thread.hpp"

namespace cohort::detail {

namespace {

constexpr std::chrono::milliseconds kPauseWhenLockedOut{50};
constexpr std::chrono::milliseconds kShortestPause{10};
constexpr std::chrono::milliseconds kLongestPause{1000};
constexpr std::chrono::seconds kPatienceWithoutWorkers{10};
constexpr int kMostDeathsBeforeReady = 3;

std::vector<std::byte> attributes_of_this_thread() {
  os::ProcessAttributes maker = os::capture_process_attributes();
  const auto* raw = reinterpret_cast<const std::byte*>(&maker);
  return {raw, raw + sizeof maker};
}

// What time and the end of others cannot mend: the program has threads, or asks for what cannot be.
bool is_permanent(const std::exception_ptr& why) noexcept {
  try {
    std::rethrow_exception(why);
  } catch (const StateError&) { return true; } catch (const ValueError&) {
    return true;
  } catch (...) { return false; }
}

std::string text_of(const std::exception_ptr& why) {
  try {
    std::rethrow_exception(why);
  } catch (const std::exception& e) { return text_or_none(e); } catch (...) {
    return "an unknown exception";
  }
}

}  // namespace

Crew::Crew(std::mutex& mutex, CrewOwner& owner, std::uint32_t workers, Orders orders)
    : mutex_(mutex),
      owner_(owner),
      orders_(std::move(orders)),
      attributes_(attributes_of_this_thread()),
      workers_(workers),
      missing_(workers) {}

void Crew::start(std::weak_ptr<Crew> self) {
  self_ = std::move(self);
  replace_missing();
}

// ---- starts -------------------------------------------------------------------------------------------------------

void Crew::replace_missing() {
  std::lock_guard replacing(replace_mutex_);
  for (std::uint32_t w = 0; w < workers_.size(); ++w) {
    if (std::lock_guard guard(mutex_); !is_missing(workers_[w])) continue;
    replace(w);
  }
  std::lock_guard guard(mutex_);
  pause_ = {};
  without_workers_.reset();
}

Process Crew::make_process(std::uint32_t w) const {
  ProcessOptions options;
  options.name = "PoolWorker-" + std::to_string(w + 1);
  options.daemon = true;
  options.start_method = orders_.method;
  return {std::move(options), fn<run_pool_worker>, orders_.pool, w, orders_.initializer, attributes_};
}

void Crew::replace(std::uint32_t w) {
  Worker& worker = workers_[w];
  Process process = make_process(w);
  std::optional<ProcessHandle> handle = process;
  // Without the mutex: the hook is called with the process's own lock held, and takes the mutex.
  ProcessAccess::set_end_hook(*handle, [weak = self_, w](int pid, ExitStatus status) {
    if (auto crew = weak.lock()) crew->owner_.worker_ended(w, pid, status);
  });
  {
    std::lock_guard guard(mutex_);
    if (!is_missing(worker)) return;
    worker.process.emplace(std::move(process));
    worker.pid = 0;
    worker.alive = true;  // from now on its end is to be noted
  }
  try {
    ProcessAccess::start(*handle);
  } catch (...) {
    std::lock_guard guard(mutex_);
    worker.alive = false;
    worker.process.reset();
    throw;
  }
  {
    std::lock_guard guard(mutex_);
    missing_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: under the mutex, or a look
    if (ended_) return;  // terminate() knows the process and waits for the replacement mutex
    worker.withdrawn = false;
    worker.pid = handle->pid().value_or(0);
  }
  watch_worker(w, *handle);
}

// One that cannot be watched is ended again: its death would not be noticed.
void Crew::watch_worker(std::uint32_t w, const ProcessHandle& process) {
  std::exception_ptr failure;
  {
    std::lock_guard guard(mutex_);
    try {
      workers_[w].watch = watch(process.sentinel(), [weak = self_, process] {
        if (auto crew = weak.lock()) crew->reap_and_replace(process);
      });
      return;
    } catch (...) {
      failure = std::current_exception();
      workers_[w].withdrawn = true;
    }
  }
  process.kill();
  process.join();
  std::rethrow_exception(failure);
}

// ---- ends and replacements ----------------------------------------------------------------------------------------

// On the service thread: nothing may escape.
void Crew::reap_and_replace(const ProcessHandle& process) noexcept {
  try {
    process.join();
    if (auto status = process.exit_status(); status && get_logger().enabled(LogLevel::info))
      get_logger().info("pool worker " + std::to_string(process.pid().value_or(0)) + " " + status->to_string());
  } catch (...) {
    owner_.cannot_go_on(std::current_exception());
    return;
  }
  // A fork from this thread would give the worker this thread's small stack; a waiting thread does it then.
  if (orders_.method != StartMethod::fork) try_to_replace();
}

void Crew::try_to_replace() noexcept {
  Deadline again = kPauseWhenLockedOut;
  try {
    // A stopped process may hold a lock of the family, and this thread has other work. terminate() waits for it.
    family::LockDeadline soon(Deadline::now());
    replace_missing();
    return;
  } catch (const family::LockedOut&) {  // NOLINT(bugprone-empty-catch): no failure of the pool's
  } catch (...) {
    note_failed_replacement(std::current_exception());
    std::lock_guard guard(mutex_);
    again = next_try_;
  }
  try {
    call_at(again, [weak = self_] {
      if (auto crew = weak.lock()) crew->try_to_replace();
    });
  } catch (...) { owner_.cannot_go_on(std::current_exception()); }
}

Deadline Crew::before_rest() noexcept {
  // relaxed: a look; the death that makes one missing is told by the doorbell afterwards
  if (orders_.method != StartMethod::fork || missing_.load(std::memory_order_relaxed) == 0) return Deadline::never();
  if (std::lock_guard guard(mutex_); pause_.count() != 0 && !next_try_.expired()) return next_try_;
  try {
    family::LockDeadline soon(Deadline::now());  // the call that waits here may have a deadline
    replace_missing();
    return Deadline::never();
  } catch (const family::LockedOut&) { return kPauseWhenLockedOut; } catch (...) {
    note_failed_replacement(std::current_exception());
  }
  std::lock_guard guard(mutex_);
  return next_try_;
}

// The pool goes on with the workers that it has. Without any, what is open fails after a while, and the tries go on.
void Crew::note_failed_replacement(const std::exception_ptr& why) noexcept {
  bool is_first = false;
  bool give_up = false;
  {
    std::lock_guard guard(mutex_);
    is_first = pause_.count() == 0;
    pause_ = is_first ? kShortestPause : std::min(2 * pause_, kLongestPause);
    next_try_ = pause_;
    bool anyone = std::any_of(workers_.begin(), workers_.end(), [](const Worker& worker) { return worker.alive; });
    if (anyone)
      without_workers_.reset();
    else if (!without_workers_)
      without_workers_ = kPatienceWithoutWorkers;
    give_up = !anyone && (without_workers_->expired() || is_permanent(why));
    if (give_up) without_workers_.reset();
  }
  if (give_up) owner_.has_no_workers(why);
  if (!is_first) return;
  try {
    get_logger().warning("a pool worker that ended cannot be replaced now: " + text_of(why));
  } catch (...) {  // a sink's matter
  }
}

bool Crew::note_end(std::uint32_t w, bool was_ready) noexcept {
  Worker& worker = workers_[w];
  worker.alive = false;
  if (was_ready)
    worker.deaths_before_ready = 0;
  else if (!worker.withdrawn)
    ++worker.deaths_before_ready;
  if (worker.wanted) missing_.fetch_add(1, std::memory_order_relaxed);  // relaxed: under the mutex, or a look
  return worker.deaths_before_ready < kMostDeathsBeforeReady;
}

// ---- the end ------------------------------------------------------------------------------------------------------

std::vector<ProcessHandle> Crew::dismiss() {
  std::vector<ProcessHandle> processes;
  processes.reserve(workers_.size());
  for (Worker& worker : workers_) {
    worker.wanted = false;
    if (worker.process) processes.push_back(*worker.process);
  }
  return processes;
}

void Crew::note_all_ended() noexcept {
  for (Worker& worker : workers_) worker.alive = false;
}

void Crew::terminate() {
  std::vector<ProcessHandle> processes;
  std::vector<std::uint64_t> watches;
  {
    std::lock_guard guard(mutex_);
    ended_ = true;
    processes = dismiss();
    for (Worker& worker : workers_)
      if (worker.watch != 0) watches.push_back(std::exchange(worker.watch, 0));
  }
  for (std::uint64_t id : watches) unwatch(id);
  std::lock_guard replacing(replace_mutex_);
  std::erase_if(processes, [](const ProcessHandle& process) { return !process.pid(); });  // its start failed
  for (auto& process : processes) process.kill();
  for (auto& process : processes) process.join();
}

std::vector<int> Crew::pids() {
  // A worker that is being started may be at its first task before it is noted down.
  std::lock_guard replacing(replace_mutex_);
  std::lock_guard guard(mutex_);
  std::vector<int> pids;
  for (const Worker& worker : workers_)
    if (worker.alive && worker.pid != 0) pids.push_back(worker.pid);
  return pids;
}

}  // namespace cohort::detail
