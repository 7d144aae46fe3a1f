// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/pool_core.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/exception_text.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "cohort/base/log.hpp"
#include "cohort/pool/worker_died.hpp"
#include "os/process.hpp"
#include "pool/encoded_failure.hpp"

namespace cohort::detail {

namespace {

std::uint32_t count_of_workers(int wanted) {
  if (wanted < 0 || wanted > static_cast<int>(kMaxPoolWorkers))
    throw ValueError("Pool", std::to_string(wanted),
                     "the number of processes must be 1 to " + std::to_string(kMaxPoolWorkers));
  return static_cast<std::uint32_t>(wanted == 0 ? cpu_count() : wanted);
}

}  // namespace

PoolCore::PoolCore(const PoolOptions& options)
    : owner_pid_(os::process_id()),
      block_(count_of_workers(options.processes)),
      callables_(block_),
      dispatcher_(block_.shared()),
      inbox_(block_.shared(), dispatcher_),
      tasks_(block_, dispatcher_, callables_),
      jobs_(block_.shared(), dispatcher_),
      crew_(mutex_, *this, block_.shared().worker_capacity,
            {options.start_method ? *options.start_method : get_start_method(), options.initializer, block_.offset()}) {
}

void PoolCore::start() {
  auto self = std::static_pointer_cast<PoolCore>(shared_from_this());
  try {
    crew_.start(std::shared_ptr<Crew>(self, &crew_));
  } catch (...) {
    terminate();
    throw;
  }
  at_exit_ = finalize(
      [weak = std::weak_ptr(self)] {
        if (auto pool = weak.lock()) pool->terminate();
      },
      15);
}

void PoolCore::require_owner(const char* operation) const {
  // A forked copy is no member. Asking for the pid instead would be a system call for each task.
  if (!(family::Family::self_or_nobody() == block_.owner()))
    throw StateError(operation, "", "only the process that made a pool can use it");
}

void PoolCore::require_open(const char* operation, std::unique_lock<std::mutex>& guard) const {
  require_owner(operation);
  if (broken_) {
    std::exception_ptr why = broken_;
    guard.unlock();
    rethrow_failure(why, operation);
  }
  if (stage_ == Stage::terminated) throw PoolBroken(operation, "", "the pool was terminated");
  if (stage_ != Stage::open) throw ClosedError(operation, "", "the pool is closed");
}

void PoolCore::check_open(const char* operation) {
  std::unique_lock guard(mutex_);
  require_open(operation, guard);
}

std::string PoolCore::name_of_callable(std::uint32_t number) {
  std::lock_guard guard(mutex_);
  return callables_.name_of(number);
}

// ---- tasks --------------------------------------------------------------------------------------------------------

void PoolCore::submit(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode,
                      const TaskOptions& options, std::shared_ptr<TaskSink> sink) {
  const char* operation = sink->operation();
  require_owner(operation);
  // Before the mutex: it may take long, throw, and use this pool.
  TaskArguments arguments(encode, block_.owner(), tasks_.was_full());
  const bool prompt = sink->is_prompt();
  if (prompt) expect_prompt_result();
  ScopeExit undo([&] {
    if (prompt) inbox_.prompt_result_delivered();
  });
  Deliveries batch(inbox_);
  std::unique_lock guard(mutex_);
  require_open(operation, guard);
  std::uint32_t number = callables_.number_of(callable, operation);
  sink->set_callable(number);
  if (tasks_.full()) collect(batch);
  tasks_.add(number, arguments, options.retries, std::move(sink));
  undo.dismiss();
}

void PoolCore::collect(Deliveries& batch) {
  tasks_.take_ended(batch);
  if (stage_ == Stage::terminated) return;
  inbox_.take_completions(tasks_, batch);
  if (tasks_.can_feed()) tasks_.feed(batch);
  // join() waits for the end of all.
  if (stage_ != Stage::open && !batch.empty()) batch.tell_others();
}

void PoolCore::take_in(const TaskSink* own, std::uint32_t own_waiters) {
  bool more = true;
  while (more) {
    Deliveries batch(inbox_, own, own_waiters);
    std::lock_guard guard(mutex_);
    collect(batch);
    more = batch.full();
  }
}

void PoolCore::take_in_and_tell() noexcept {
  try {
    take_in();
  } catch (...) {  // no memory to keep what the ring has no room for
    {
      std::lock_guard guard(mutex_);
      fail_everything(std::current_exception());
    }
    take_in();
  }
  inbox_.notify();
}

bool PoolCore::wait_until(FunctionRef<bool()> done, Deadline deadline, const char* operation, const TaskSink* own) {
  require_owner(operation);
  auto look = [&](std::uint32_t own_waiters) {
    take_in(own, own_waiters);
    return done();
  };
  return inbox_.wait(look, deadline, [this] { return crew_.before_rest(); });
}

void PoolCore::expect_prompt_result() {
  auto self = std::static_pointer_cast<PoolCore>(shared_from_this());
  inbox_.thread().expect_result([weak = std::weak_ptr(self)](const std::function<bool()>& done) {
    if (auto pool = weak.lock()) pool->wait_until(done, Deadline::never(), "Pool", nullptr);
  });
}

// ---- maps ---------------------------------------------------------------------------------------------------------

template <class Map>
std::shared_ptr<MapJob> PoolCore::make_job(const Map& map, const MapOptions& options) const {
  VectorEncoder state;
  map.encode_state(state);
  return std::make_shared<MapJob>(block_.owner(), crew_.size(), *map.callable, state.bytes(), map.count, options,
                                  map.operation);
}

void PoolCore::map(const RangedMap& map, const MapOptions& options) {
  check_open(map.operation);
  if (map.count == 0) return;
  std::shared_ptr<MapJob> job = make_job(map, options);
  std::memcpy(job->prepare_ranged(map.input_size, map.output_size), map.input, map.count * map.input_size);
  run(job, map.operation);
  if (map.output_size != 0) map.take(job->output(), map.count);
}

void PoolCore::map(const EncodedMap& map, const MapOptions& options) {
  check_open(map.operation);
  if (map.count == 0) return;
  std::shared_ptr<MapJob> job = make_job(map, options);
  job->prepare_encoded(map.encode);
  run(job, map.operation);
  job->take_results(map.decode);
}

void PoolCore::run(const std::shared_ptr<MapJob>& job, const char* operation) {
  ScopeExit leave([&] { finish(*job); });
  {
    std::unique_lock guard(mutex_);
    require_open(operation, guard);
    jobs_.open(job);
  }
  auto is_over = [&] {
    std::lock_guard guard(mutex_);
    return job->complete() || job->abandoned();
  };
  wait_until(is_over, Deadline::never(), operation, nullptr);
  job->throw_if_failed();
}

void PoolCore::finish(const MapJob& job) noexcept {
  std::lock_guard guard(mutex_);
  jobs_.finish(job);
  // join() waits for the end of all. relaxed: ordered by the mutex, which join() looks under
  if (block_.shared().waiters.load(std::memory_order_relaxed) != 0) inbox_.notify();
}

// ---- deaths -------------------------------------------------------------------------------------------------------

// By whichever thread learns of the end, before what the worker owned in the family is freed: after that its records
// could no longer be judged. Nothing may escape, and no process may be asked for anything.
void PoolCore::worker_ended(std::uint32_t w, int pid, ExitStatus status) noexcept {
  {
    std::lock_guard guard(mutex_);
    try {
      if (stage_ != Stage::terminated && crew_.is_alive(w)) note_death(w, pid, status);
    } catch (...) { fail_everything(std::current_exception()); }
  }
  take_in_and_tell();
}

// The order is the proof that nothing is lost, done twice, or given out while the dead one might still be taken for its
// owner:
//
// 1. What any worker has announced is noted first. So a task whose end is in a ring is not taken for one that runs, and
//    tries that ended before this death are not counted as lost by it.
// 2. Tasks and maps take back what the dead one had handed over to us but not announced. All of them do so before
//    anything is handed out again: from the first entry on, another worker may write to the same record, and its block
//    would be taken for the dead one's.
// 3. Then the shared words say that it is dead. What it says of itself (`in_job`, `ready`) is read before.
// 4. Only now is its work handed out again, or fails: whom that wakes finds the words in order.
// 5. Last, whether the pool goes on: what could end by itself has ended by now, and keeps its own result.
void PoolCore::note_death(std::uint32_t w, int pid, ExitStatus status) {
  inbox_.note_completions(tasks_);
  inbox_.worker_died(w);
  std::exception_ptr initializer_error = take_initializer_error(w);
  tasks_.reclaim(w);
  jobs_.reclaim(w);

  const WorkerEnd end{pid, status, take_last_words(w)};
  // relaxed: its writer is dead
  const std::uint64_t in_job = block_.worker(w).in_job.load(std::memory_order_relaxed);
  const bool was_ready = block_.worker(w).ready.load(std::memory_order_relaxed) != 0;  // relaxed: as above
  dispatcher_.worker_died(w);
  const bool goes_on = crew_.note_end(w, was_ready);

  tasks_.recover(end);
  jobs_.recover(w, in_job, end);

  if (initializer_error) return fail_everything(initializer_error);
  if (goes_on) return;
  fail_everything(
      std::make_exception_ptr(BrokenPool{"workers die before they are ready; the last one " + status.to_string() +
                                         (end.last_words.empty() ? "" : " (" + end.last_words + ")")}));
}

std::string PoolCore::take_last_words(std::uint32_t w) {
  WorkerShared& shared = block_.worker(w);
  // relaxed: its writer is dead
  std::size_t size = shared.last_words_size.exchange(0, std::memory_order_relaxed);
  return {shared.last_words, std::min(size, kMostLastWords)};
}

std::exception_ptr PoolCore::take_initializer_error(std::uint32_t w) {
  WorkerShared& shared = block_.worker(w);
  auto& family = family::Family::instance();
  // SYNC(init_error): Worker::initialize() release store -> this load; carries the block
  family::Offset block = shared.init_error.exchange(0, std::memory_order_acquire);
  if (block == 0 || !family.set_owner(block, block_.owner(), block_.owner())) return nullptr;
  std::size_t size = std::min(static_cast<std::size_t>(shared.init_error_size.load(std::memory_order_relaxed)),
                              family.block_size(block));  // relaxed: ordered by init_error
  const std::byte* bytes = family.address(block, size);
  std::exception_ptr error = std::make_exception_ptr(EncodedFailure{{bytes, bytes + size}});
  family.free(block);
  return error;
}

void PoolCore::fail_everything(const std::exception_ptr& why) noexcept {
  if (!broken_) broken_ = why;
  fail_open(broken_);
}

void PoolCore::fail_open(const std::exception_ptr& why) noexcept {
  jobs_.abandon_all(why);
  tasks_.fail_all(why);
  dispatcher_.drop_kept();
}

bool PoolCore::wants_workers() const noexcept {
  return stage_ != Stage::terminated && !broken_ && (stage_ == Stage::open || has_work());
}

void PoolCore::has_no_workers(const std::exception_ptr& why) noexcept {
  {
    std::lock_guard guard(mutex_);
    fail_open(why);
  }
  take_in_and_tell();
}

void PoolCore::cannot_go_on(const std::exception_ptr& why) noexcept {
  {
    std::lock_guard guard(mutex_);
    fail_everything(why);
  }
  take_in_and_tell();
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
  auto is_over = [this] {
    std::lock_guard guard(mutex_);
    return (!has_work() && !inbox_.is_delivering()) || stage_ == Stage::terminated;
  };
  if (!wait_until(is_over, deadline, "Pool.join", nullptr)) return false;
  std::vector<ProcessHandle> processes;
  {
    std::lock_guard guard(mutex_);
    processes = crew_.dismiss();
    dispatcher_.stop();
  }
  return std::all_of(processes.begin(), processes.end(),
                     [&](const ProcessHandle& p) { return !p.pid() || p.join(deadline); });
}

void PoolCore::terminate() noexcept try {
  if (owner_pid_ != os::process_id()) return;
  at_exit_.cancel();
  {
    std::lock_guard guard(mutex_);
    if (stage_ == Stage::terminated) return;
    stage_ = Stage::terminated;
  }
  crew_.terminate();
  {
    // Only now: nobody reads arguments or writes results any more.
    std::lock_guard guard(mutex_);
    crew_.note_all_ended();
    fail_everything(std::make_exception_ptr(BrokenPool{"the pool was terminated"}));
  }
  take_in_and_tell();
  inbox_.thread().stop();
} catch (const std::exception& e) {
  get_logger().error(std::string("a pool could not be terminated: ") + text_or_none(e));
}

std::vector<int> PoolCore::worker_pids() {
  require_owner("Pool.worker_pids");
  return crew_.pids();
}

}  // namespace cohort::detail
