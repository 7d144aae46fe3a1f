// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The owner's side of a pool: its workers, from their start to the end of the pool.

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/exception_text.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/log.hpp"
#include "cohort/pool/worker_died.hpp"
#include "cohort/wire/remote_error.hpp"
#include "family/lock.hpp"
#include "os/process.hpp"
#include "os/process_attributes.hpp"
#include "pool/encoded_failure.hpp"
#include "pool/pool_core.hpp"
#include "pool/ring.hpp"
#include "pool/wake.hpp"
#include "pool/worker.hpp"
#include "process/process_core.hpp"
#include "process/service_thread.hpp"

namespace cohort::detail {

namespace {

constexpr std::chrono::milliseconds kPauseWhenLockedOut{50};

}  // namespace

void PoolCore::start() {
  missing_workers_ = static_cast<std::uint32_t>(workers_.size());
  os::ProcessAttributes maker = os::capture_process_attributes();
  const auto* raw = reinterpret_cast<const std::byte*>(&maker);
  attributes_.assign(raw, raw + sizeof maker);
  try {
    replace_missing_workers();
  } catch (...) {
    terminate();
    throw;
  }
  at_exit_ = finalize(
      [weak = weak_from_this()] {
        if (auto pool = weak.lock()) pool->terminate();
      },
      15);
}

void PoolCore::replace_missing_workers() {
  std::lock_guard replacing(replace_mutex_);
  for (std::uint32_t w = 0; w < workers_.size(); ++w) {
    Worker& worker = workers_[w];
    auto is_missing = [&] {
      return stage_ != Stage::terminated && !broken_ && !worker.alive && worker.wanted &&
             (stage_ == Stage::open || has_work());
    };
    if (std::lock_guard guard(mutex_); !is_missing()) continue;
    ProcessOptions options;
    options.name = "PoolWorker-" + std::to_string(w + 1);
    options.daemon = true;
    options.start_method = method_;
    Process process(std::move(options), fn<run_pool_worker>, block_, w, options_.initializer, attributes_);
    std::optional<ProcessHandle> handle = process;
    // Without the mutex: the hook is called with the process's own lock held, and takes the mutex.
    ProcessAccess::set_end_hook(*handle, [weak = weak_from_this(), w](int pid, ExitStatus status) {
      if (auto pool = weak.lock()) pool->on_worker_ended(w, pid, status);
    });
    {
      std::lock_guard guard(mutex_);
      if (!is_missing()) continue;
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
      missing_workers_.fetch_sub(1);
      if (stage_ == Stage::terminated) return;  // terminate() knows the process and waits for the replacement mutex
      worker.withdrawn = false;
      worker.pid = handle->pid().value_or(0);
    }
    watch_worker(w, *handle);
  }
  std::lock_guard guard(mutex_);
  pause_ = {};
  without_workers_.reset();
}

// One that cannot be watched is ended again: its death would not be noticed.
void PoolCore::watch_worker(std::uint32_t w, const ProcessHandle& process) {
  std::exception_ptr failure;
  {
    std::lock_guard guard(mutex_);
    try {
      std::uint64_t id = watch(process.sentinel(), [weak = weak_from_this(), process] {
        if (auto pool = weak.lock()) pool->reap_and_replace(process);
      });
      workers_[w].watch = id;
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

// By whichever thread learns of the end, before what the worker owned in the family is freed: after that its records could no
// longer be judged. Nothing may escape, and no process may be asked for anything.
void PoolCore::on_worker_ended(std::uint32_t w, int pid, ExitStatus status) noexcept {
  std::lock_guard guard(mutex_);
  try {
    if (stage_ != Stage::terminated && workers_[w].alive) note_death(w, pid, status);
  } catch (...) { fail_everything(std::current_exception()); }
  ring_doorbell();
}

// On the service thread: nothing may escape.
void PoolCore::reap_and_replace(const ProcessHandle& process) noexcept {
  try {
    process.join();
    if (auto status = process.exit_status(); status && get_logger().enabled(LogLevel::info))
      get_logger().info("pool worker " + std::to_string(process.pid().value_or(0)) + " " + status->to_string());
  } catch (...) {
    std::lock_guard guard(mutex_);
    fail_everything(std::current_exception());
    ring_doorbell();
    return;
  }
  // A fork from this thread would give the worker this thread's small stack; a waiting thread does it then.
  if (method_ != StartMethod::fork) try_to_replace();
}

void PoolCore::try_to_replace() noexcept {
  Deadline again = kPauseWhenLockedOut;
  try {
    // A stopped process may hold a lock of the family, and this thread has other work. terminate() waits for it.
    family::LockDeadline soon(Deadline::now());
    replace_missing_workers();
    return;
  } catch (const family::LockedOut&) {  // NOLINT(bugprone-empty-catch): no failure of the pool's
  } catch (...) {
    note_failed_replacement(std::current_exception());
    again = next_try_;
  }
  try {
    (void)call_at(again, [weak = weak_from_this()] {
      if (auto pool = weak.lock()) pool->try_to_replace();
    });
  } catch (...) {
    std::lock_guard guard(mutex_);
    fail_everything(std::current_exception());
    ring_doorbell();
  }
}

Deadline PoolCore::replace_by_fork() noexcept {
  if (std::lock_guard guard(mutex_); pause_.count() != 0 && !next_try_.expired()) return next_try_;
  try {
    family::LockDeadline soon(Deadline::now());  // the call that waits here may have a deadline
    replace_missing_workers();
    return Deadline::never();
  } catch (const family::LockedOut&) { return kPauseWhenLockedOut; } catch (...) {
    note_failed_replacement(std::current_exception());
  }
  std::lock_guard guard(mutex_);
  return next_try_;
}

namespace {

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

constexpr std::chrono::milliseconds kShortestPause{10};
constexpr std::chrono::milliseconds kLongestPause{1000};
constexpr std::chrono::seconds kPatienceWithoutWorkers{10};

}  // namespace

// The pool goes on with the workers that it has. Without any, what is open fails after a while, and the tries go on.
void PoolCore::note_failed_replacement(const std::exception_ptr& why) noexcept {
  bool is_first;
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
    if (!anyone && (without_workers_->expired() || is_permanent(why))) {
      without_workers_.reset();
      fail_open(why);
      ring_doorbell();
    }
  }
  if (!is_first) return;
  try {
    get_logger().warning("a pool worker that ended cannot be replaced now: " + text_of(why));
  } catch (...) {  // a sink's matter
  }
}

void PoolCore::note_death(std::uint32_t w, int pid, ExitStatus status) {
  Worker& worker = workers_[w];
  worker.alive = false;
  take_completions();
  ring_repair(shared_workers_[w].completions);
  std::exception_ptr initializer_error = take_initializer_error(w);
  std::vector<std::uint32_t> running = reclaim_tasks(w);
  jobs_->for_each([&](MapJob& job) { job.reclaim(w); });

  WorkerEnd end{pid, status, take_last_words(w)};
  // relaxed: its writer is dead
  std::uint64_t in_job = shared_workers_[w].in_job.load(std::memory_order_relaxed);
  bool was_ready = shared_workers_[w].ready.load(std::memory_order_relaxed) != 0;  // relaxed: its writer is dead
  if (std::exchange(worker.ready, false)) --ready_workers_;
  repair_after_death(*shared_, w);
  if (was_ready)
    worker.deaths_before_ready = 0;
  else if (!worker.withdrawn)
    ++worker.deaths_before_ready;
  recover_tasks(running, end);
  recover_jobs(w, in_job, end);
  if (worker.wanted) missing_workers_.fetch_add(1);
  if (initializer_error) {
    fail_everything(initializer_error);
  } else if (worker.deaths_before_ready >= 3) {
    fail_everything(
        std::make_exception_ptr(BrokenPool{"workers die before they are ready; the last one " + status.to_string() +
                                           (end.last_words.empty() ? "" : " (" + end.last_words + ")")}));
  }
}

std::string PoolCore::take_last_words(std::uint32_t w) {
  WorkerShared& shared = shared_workers_[w];
  // relaxed: its writer is dead
  std::size_t size = shared.last_words_size.exchange(0, std::memory_order_relaxed);
  return {shared.last_words, std::min(size, kMostLastWords)};
}

std::exception_ptr PoolCore::take_initializer_error(std::uint32_t w) {
  WorkerShared& shared = shared_workers_[w];
  auto& family = family::Family::instance();
  // SYNC(init_error): Worker::initialize() release store -> this load; carries the block
  family::Offset block = shared.init_error.exchange(0, std::memory_order_acquire);
  if (block == 0 || !family.set_owner(block, owner_, owner_)) return nullptr;
  std::size_t size = std::min(static_cast<std::size_t>(shared.init_error_size.load(std::memory_order_relaxed)),
                              family.block_size(block));  // relaxed: ordered by init_error
  const std::byte* bytes = family.address(block, size);
  std::exception_ptr error = std::make_exception_ptr(EncodedFailure{{bytes, bytes + size}});
  family.free(block);
  return error;
}

// ---- the end ------------------------------------------------------------------------------------------------------

void PoolCore::close() {
  require_owner("Pool.close");
  std::lock_guard guard(mutex_);
  if (stage_ == Stage::open) stage_ = Stage::closed;
}

bool PoolCore::join(Deadline deadline) {
  require_owner("Pool.join");
  {
    std::lock_guard guard(mutex_);
    if (stage_ == Stage::open)
      throw StateError("Pool.join", "", "the pool is still running: close() or terminate() it first");
  }
  if (!wait_until([&] { return !has_work() || stage_ == Stage::terminated; }, deadline, "Pool.join")) return false;
  std::vector<ProcessHandle> processes;
  {
    std::lock_guard guard(mutex_);
    // SYNC(stop): this release store -> Worker::run() acquire load; carries nothing
    shared_->stop.store(1, std::memory_order_release);
    for (std::uint32_t w = 0; w < workers_.size(); ++w) {
      workers_[w].wanted = false;
      wake_worker(*shared_, w);
      if (workers_[w].process) processes.push_back(*workers_[w].process);
    }
  }
  return std::all_of(processes.begin(), processes.end(),
                     [&](const ProcessHandle& p) { return !p.pid() || p.join(deadline); });
}

void PoolCore::terminate() noexcept try {
  if (owner_pid_ != os::process_id()) return;
  at_exit_.cancel();
  std::vector<ProcessHandle> processes;
  std::vector<std::uint64_t> watches;
  {
    std::lock_guard guard(mutex_);
    if (stage_ == Stage::terminated) return;
    stage_ = Stage::terminated;
    for (Worker& worker : workers_) {
      worker.wanted = false;
      if (worker.watch != 0) watches.push_back(std::exchange(worker.watch, 0));
      if (worker.process) processes.push_back(*worker.process);
    }
  }
  for (std::uint64_t id : watches) unwatch(id);
  {
    std::lock_guard replacing(replace_mutex_);
    std::erase_if(processes, [](const ProcessHandle& process) { return !process.pid(); });  // its start failed
    for (auto& process : processes) process.kill();
    for (auto& process : processes) process.join();
  }
  // Only now: nobody reads arguments or writes results any more.
  std::lock_guard guard(mutex_);
  for (Worker& worker : workers_) worker.alive = false;
  fail_everything(std::make_exception_ptr(BrokenPool{"the pool was terminated"}));
  ring_doorbell();
} catch (const std::exception& e) {
  get_logger().error(std::string("a pool could not be terminated: ") + text_or_none(e));
}

std::vector<int> PoolCore::worker_pids() {
  require_owner("Pool.worker_pids");
  // A worker that is being started may be at its first task before it is noted down.
  std::lock_guard replacing(replace_mutex_);
  std::lock_guard guard(mutex_);
  std::vector<int> pids;
  for (Worker& worker : workers_)
    if (worker.alive && worker.pid != 0) pids.push_back(worker.pid);
  return pids;
}

}  // namespace cohort::detail
