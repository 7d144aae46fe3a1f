// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/pool_core.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "cohort/base/log.hpp"
#include "cohort/pool/worker_died.hpp"
#include "cohort/wire/remote_error.hpp"
#include "os/cpu.hpp"
#include "os/process.hpp"
#include "pool/encoded_failure.hpp"
#include "pool/map_job.hpp"
#include "pool/ring.hpp"
#include "pool/wake.hpp"
#include "wire/removed_callables.hpp"

namespace cohort::detail {

namespace {

int count_of_workers(int wanted) {
  if (wanted < 0 || wanted > static_cast<int>(kMaxPoolWorkers))
    throw ValueError("Pool", std::to_string(wanted),
                     "the number of processes must be 1 to " + std::to_string(kMaxPoolWorkers));
  return wanted == 0 ? cpu_count() : wanted;
}

}  // namespace

PoolCore::PoolCore(PoolOptions options)
    : options_(std::move(options)),
      owner_pid_(os::process_id()),
      method_(options_.start_method ? *options_.start_method : get_start_method()),
      workers_(static_cast<std::size_t>(count_of_workers(options_.processes))),
      tasks_(kTaskCapacity) {
  auto& family = family::Family::instance();
  owner_ = family.self();
  auto count = static_cast<std::uint32_t>(workers_.size());
  block_ = family.allocate_control(pool_size(count), owner_);
  shared_ = reinterpret_cast<PoolShared*>(family.address(block_, pool_size(count)));
  shared_->magic = kPoolMagic;
  shared_->version = kPoolVersion;
  shared_->worker_capacity = count;
  shared_->size = pool_size(count);
  shared_->owner = owner_.pack();
  shared_workers_ = workers_of(shared_);
  jobs_.emplace(*shared_);
  free_tasks_.reserve(kTaskCapacity);
  // The last is taken first, so that the same few records are used over and over.
  for (std::uint32_t i = kTaskCapacity - 2 * kMaxJobs; i-- > 0;) free_tasks_.push_back(i);
}

PoolCore::~PoolCore() try {
  // After the family was left, as by an object at namespace scope, the blocks have gone with it.
  if (owner_pid_ != os::process_id() || block_ == 0 || !family::Family::exists()) return;
  // All workers are dead, or terminate() would still hold the block.
  jobs_->free_all();
  for (std::size_t number = 0; number < callables_.size(); ++number)
    if (!callables_[number].module_path.empty())
      family::Family::instance().free(shared_->callables[number].module.block);
  family::Family::instance().free(block_);
} catch (const std::exception&) {  // another thread has left the family meanwhile, at the end of the process
}

void PoolCore::require_owner(const char* operation) const {
  // A forked copy is no member. Asking for the pid instead would be a system call for each task.
  if (!(family::Family::self_or_nobody() == owner_))
    throw StateError(operation, "", "only the process that made a pool can use it");
}

void PoolCore::check_open(const char* operation) {
  std::unique_lock guard(mutex_);
  require_open(operation, guard);
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

// ---- tasks --------------------------------------------------------------------------------------------------------

bool PoolCore::has_work() const noexcept { return active_tasks_ != 0 || !overflow_.empty() || !jobs_->empty(); }

void PoolCore::fill_record(std::uint32_t index, std::uint32_t callable, const TaskOptions& options,
                           std::shared_ptr<TaskSink> sink, std::uint64_t tag) {
  Task& task = tasks_[index];
  task.sink = std::move(sink);
  task.tag = tag;
  task.retries = options.retries;
  task.active = true;
  task.callable = callable;
  task.generation = (task.generation + 1) & 0x7fffffffu;
  ++active_tasks_;
  TaskRecord& record = shared_->tasks[index];
  record.callable = callable;
  // The line is the worker's, and mostly says so already. relaxed: ordered by state
  if (record.result.load(std::memory_order_relaxed) != 0) record.result.store(0, std::memory_order_relaxed);
  // SYNC(task): this release store -> Worker::execute() acquire CAS; carries the record's fields
  record.state.store(TaskState{task.generation, TaskPhase::queued, 0}.pack(), std::memory_order_release);
}

std::string PoolCore::name_of_callable(std::uint32_t number) {
  std::lock_guard guard(mutex_);
  return number < callables_.size() ? callables_[number].name : std::string();
}

std::uint32_t PoolCore::number_of(const CallableDescriptor& callable, const char* operation) {
  if (std::uint64_t removed = removed_callables(); removed != removed_callables_) {
    removed_callables_ = removed;
    numbers_.clear();
    last_callable_ = nullptr;
  }
  if (&callable == last_callable_) return last_number_;
  auto found = numbers_.find(&callable);
  if (found == numbers_.end()) found = numbers_.emplace(&callable, add_callable(callable, operation)).first;
  last_callable_ = &callable;
  last_number_ = found->second;
  return last_number_;
}

std::uint32_t PoolCore::add_callable(const CallableDescriptor& callable, const char* operation) {
  KnownCallable known{callable.id(), std::string(callable.name()), {}};
  known.module_path = callable_module_path(known.id);
  // Of a module that was unloaded and loaded again.
  for (std::uint32_t number = 0; number < callables_.size(); ++number)
    if (callables_[number].id == known.id && callables_[number].module_path == known.module_path) return number;
  if (callables_.size() == kMostCallables)
    throw ValueError(operation, callable.name(),
                     "a pool knows at most " + std::to_string(kMostCallables) + " different callables");
  if (callables_.size() == callables_.capacity()) callables_.reserve(2 * callables_.size() + 8);
  // Ordered by the state of the first task that names it.
  PoolCallable& place = shared_->callables[callables_.size()];
  place = {known.id, {0, known.module_path.size()}};
  if (!known.module_path.empty()) {
    auto& family = family::Family::instance();
    place.module.block = family.allocate(known.module_path.size(), owner_);
    std::memcpy(family.address(place.module.block, place.module.size), known.module_path.data(), place.module.size);
  }
  callables_.push_back(std::move(known));
  return static_cast<std::uint32_t>(callables_.size() - 1);
}

void PoolCore::submit(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode,
                      const TaskOptions& options, std::shared_ptr<TaskSink> sink, std::uint64_t tag) {
  const char* operation = sink->operation();
  require_owner(operation);
  // Before the mutex: it may take long, throw, and use this pool. relaxed: a choice of place
  TaskArguments arguments(encode, owner_, table_is_full_.load(std::memory_order_relaxed));
  std::unique_lock guard(mutex_);
  require_open(operation, guard);
  std::uint32_t number = number_of(callable, operation);
  sink->set_callable(number);
  if (free_tasks_.empty()) {
    take_completions();
    feed_overflow();
  }
  table_is_full_.store(free_tasks_.empty(), std::memory_order_relaxed);  // relaxed: as above
  if (free_tasks_.empty()) {
    arguments.make_private();
    overflow_.push_back({number, std::move(arguments), options.retries, std::move(sink), tag});
    return;
  }
  std::uint32_t index = free_tasks_.back();
  arguments.move_to(shared_->tasks[index], owner_);
  free_tasks_.pop_back();
  tasks_[index].attachments = arguments.take_attachments();
  fill_record(index, number, options, std::move(sink), tag);
  enqueue(index);
}

void PoolCore::feed_overflow() {
  while (!overflow_.empty() && !free_tasks_.empty()) {
    Overflow next = std::move(overflow_.front());
    overflow_.pop_front();
    std::uint32_t index = free_tasks_.back();
    try {
      next.arguments.move_to(shared_->tasks[index], owner_);
    } catch (...) {  // no family memory: this task fails, the others go on
      next.sink->deliver(next.tag, TaskResult(std::current_exception()));
      continue;
    }
    free_tasks_.pop_back();
    tasks_[index].attachments = next.arguments.take_attachments();
    fill_record(index, next.callable, {.retries = next.retries}, std::move(next.sink), next.tag);
    enqueue(index);
  }
  push_stalled();
}

bool PoolCore::push_entry(std::uint64_t entry) {
  if (!stalled_.empty() || ring_is_full(shared_->work, seen_tail_)) {
    stalled_.push_back(entry);
    return false;
  }
  ring_push(shared_->work, entry);
  // SYNC(idle), SYNC(busy): this fence pairs with those in Worker::sleep() and Worker::leave_others_awake(): either the worker sees the
  // entry or we see that it sleeps, or is busy
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (anyone_idle(*shared_) && !enough_are_awake()) wake_for_work(*shared_, last_worker_);
  return true;
}

// True when no more tasks have not ended than workers are awake: each task has one then that runs it, or that looks at the ring before it
// sleeps. A look at our own accounts and at `idle`, which changes rarely; nothing of what workers write for each task. The caller has
// pushed an entry, and a fence is between.
bool PoolCore::enough_are_awake() noexcept {
  if (!jobs_->empty()) return false;  // a worker in a map does not look
  for (std::uint32_t w = 0; ready_workers_ != workers_.size() && w < workers_.size(); ++w) {
    // relaxed: one that is ready looks before it sleeps
    if (workers_[w].ready || shared_workers_[w].ready.load(std::memory_order_relaxed) == 0) continue;
    workers_[w].ready = true;
    ++ready_workers_;
  }
  return active_tasks_ + idle_workers(*shared_) <= ready_workers_;
}

void PoolCore::push_stalled() {
  if (stalled_.empty()) return;
  std::deque<std::uint64_t> entries = std::exchange(stalled_, {});
  while (!entries.empty()) {
    std::uint64_t entry = entries.front();
    entries.pop_front();
    auto index = static_cast<std::uint32_t>(entry & 0xffffffffu);
    if ((entry & kJobEntry) == 0) {
      if (!tasks_[index].active || task_entry(tasks_[index].generation, index) != entry) continue;  // it has ended
      tasks_[index].place = shared_->work.head.load(std::memory_order_relaxed);  // relaxed: only we write it
    }
    if (push_entry(entry)) continue;
    if ((entry & kJobEntry) == 0) tasks_[index].place = kNotInRing;
    stalled_.insert(stalled_.end(), entries.begin(), entries.end());
    return;
  }
}

void PoolCore::enqueue(std::uint32_t index) {
  tasks_[index].place = shared_->work.head.load(std::memory_order_relaxed);  // relaxed: only we write it
  if (!push_entry(task_entry(tasks_[index].generation, index))) tasks_[index].place = kNotInRing;
}

bool PoolCore::completions_pending() const noexcept {
  for (std::size_t w = 0; w < workers_.size(); ++w)
    if (ring_has_entries(shared_workers_[w].completions)) return true;
  return false;
}

bool PoolCore::take_completions() {
  bool any = false;
  for (std::uint32_t w = 0; w < workers_.size(); ++w) {
    while (true) {
      // Results lie in the worker's cache: they are asked for together before the first is needed.
      std::uint64_t batch[16];
      std::size_t count = 0;
      while (count < std::size(batch)) {
        auto entry = ring_pop(shared_workers_[w].completions);
        if (!entry) break;
        __builtin_prefetch(&shared_->tasks[*entry & (kTaskCapacity - 1)].result);
        batch[count++] = *entry;
      }
      if (count == 0) break;
      for (std::size_t i = 0; i < count; ++i) {
        auto index = static_cast<std::uint32_t>(batch[i] & 0xffffffffu);
        auto generation = static_cast<std::uint32_t>(batch[i] >> 32);
        if (index >= kTaskCapacity || !tasks_[index].active || tasks_[index].generation != generation) continue;
        // SYNC(ring): the worker's release store in ring_write() -> ring_pop(); carries outcome and result, which were written before
        take_result(index);
        last_worker_ = w;
        any = true;
      }
    }
  }
  return any;
}

void PoolCore::take_result(std::uint32_t index) {
  TaskRecord& record = shared_->tasks[index];
  auto kind = record.outcome == TaskOutcome::value ? TaskResult::Kind::value : TaskResult::Kind::remote_error;
  family::Offset block = record.result.load(std::memory_order_relaxed);  // relaxed: ordered by state
  if (block == 0) {
    std::size_t size = std::min<std::size_t>(record.result_bytes, sizeof record.inline_result);
    resolve(index, TaskResult(kind, std::span(record.inline_result, size)));
  } else {
    resolve(index, TaskResult(kind, block, record.result_bytes));
  }
}

void PoolCore::release_arguments(TaskRecord& record) noexcept {
  if (record.arguments_size != kInBlock) return;
  try {
    family::Family::instance().free(record.arguments.block);
  } catch (const Error&) {  // a stray write spoilt the record: leaking the block is the lesser evil
  }
  record.arguments_size = 0;
}

void PoolCore::resolve(std::uint32_t index, TaskResult&& result) {
  Task& task = tasks_[index];
  TaskRecord& record = shared_->tasks[index];
  release_arguments(record);
  // SYNC(task): release, so that a late look at an old entry finds either the whole old or the whole new task
  record.state.store(TaskState{task.generation, TaskPhase::free, 0}.pack(), std::memory_order_release);
  task.active = false;
  if (!task.attachments.empty()) task.attachments.clear();
  --active_tasks_;
  ++ended_tries_;
  free_tasks_.push_back(index);
  std::shared_ptr<TaskSink> sink = std::move(task.sink);
  sink->deliver(task.tag, std::move(result));
}

std::uint64_t PoolCore::queued_state(const Task& task) noexcept {
  return TaskState{task.generation, TaskPhase::queued, 0}.pack();
}

std::vector<std::uint32_t> PoolCore::reclaim_tasks(std::uint32_t w) {
  std::vector<std::uint32_t> running;
  auto& family = family::Family::instance();
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index) {
    if (!tasks_[index].active) continue;
    TaskRecord& record = shared_->tasks[index];
    // SYNC(task): Worker::execute() release store of done -> this load; carries outcome and result
    TaskState state = TaskState::unpack(record.state.load(std::memory_order_acquire));
    if (state.worker != w || state.generation != tasks_[index].generation) continue;
    if (state.phase == TaskPhase::done) {
      take_result(index);  // finished, but its completion was not announced any more
    } else if (state.phase == TaskPhase::running) {
      family::Offset block = record.result.exchange(0, std::memory_order_relaxed);  // relaxed: its writer is dead
      if (block != 0 && family.owner(block) == owner_) family.free(block);
      running.push_back(index);
    }
  }
  return running;
}

void PoolCore::recover_tasks(const std::vector<std::uint32_t>& running, const WorkerEnd& end) {
  for (std::uint32_t index : running) {
    Task& task = tasks_[index];
    if (task.retries-- > 0) {
      ++ended_tries_;
      // SYNC(task): this release store -> Worker::execute() acquire CAS; carries the cleared result
      shared_->tasks[index].state.store(TaskState{task.generation, TaskPhase::queued, 0}.pack(),
                                        std::memory_order_release);
      enqueue(index);
    } else {
      resolve(index, TaskResult(std::make_exception_ptr(DeadWorker{end, callables_[task.callable].name})));
    }
  }
  enqueue_lost(end);
}

void PoolCore::enqueue_lost(const WorkerEnd& end) {
  // What it may have taken off the ring and not begun. Another worker may have it as well, and begin it yet: the task's state lets one.
  // SYNC(tail): release exchange in ring_take() -> this load; the taker is dead
  std::uint64_t taken = shared_->work.tail.load(std::memory_order_acquire);
  std::vector<std::uint32_t> lost;
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index) {
    const Task& task = tasks_[index];
    if (!task.active || task.place >= taken) continue;
    // relaxed: an enqueue too many is harmless
    if (shared_->tasks[index].state.load(std::memory_order_relaxed) == queued_state(task)) lost.push_back(index);
  }
  if (lost.empty()) return;
  if (ended_tries_ != std::exchange(tries_at_last_loss_, ended_tries_)) losses_ = 0;
  bool last_try = ++losses_ >= kTriesToBegin + workers_.size();
  for (std::uint32_t index : lost) {
    std::uint64_t queued = queued_state(tasks_[index]);
    if (!last_try) {
      enqueue(index);
      continue;
    }
    // relaxed: nobody has begun it, and nobody will
    if (!shared_->tasks[index].state.compare_exchange_strong(
            queued, TaskState{tasks_[index].generation, TaskPhase::free, 0}.pack(), std::memory_order_relaxed))
      continue;
    std::string name = callables_[tasks_[index].callable].name + ", before it began";
    resolve(index, TaskResult(std::make_exception_ptr(DeadWorker{end, std::move(name)})));
  }
}

void PoolCore::recover_jobs(std::uint32_t w, std::uint64_t in_job, const WorkerEnd& end) {
  jobs_->for_each([&](MapJob& job) {
    // Also when its entry is still in the ring: a worker that has found nothing to do may be about to take that off.
    if (job.recover(w, end)) push_job(job);
    if (in_job == job.entry && job.give_up_if_nobody_can_begin(end)) jobs_->close(job);
  });
  // Entries of ended maps, which workers take off, unless all of them end before they do.
  while (auto front = ring_front(shared_->work)) {
    if ((front->value & kJobEntry) == 0 || jobs_->is_open(front->value & ~kJobEntry)) break;
    (void)ring_take(shared_->work, front->place);
  }
  jobs_->free_retired();
}

void PoolCore::fail_everything(const std::exception_ptr& why) {
  if (!broken_) broken_ = why;
  fail_open(broken_);
}

void PoolCore::fail_open(const std::exception_ptr& why) {
  jobs_->abandon_all(why);
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index)
    if (tasks_[index].active) resolve(index, TaskResult(why));
  while (!overflow_.empty()) {
    Overflow next = std::move(overflow_.front());
    overflow_.pop_front();
    next.sink->deliver(next.tag, TaskResult(why));
  }
  stalled_.clear();
}

// ---- waiting ------------------------------------------------------------------------------------------------------

void PoolCore::ring_doorbell() noexcept {
  park::WaitWord(shared_->doorbell, park::Mark()).notify(park::WaitWord::kAll);
}

bool PoolCore::wait_until(FunctionRef<bool()> done, Deadline deadline, const char* operation) {
  require_owner(operation);
  // Takes in what has come. Others may wait for what we took in: they are told.
  auto look = [&] {
    std::lock_guard guard(mutex_);
    if (stage_ != Stage::terminated) {
      bool took = take_completions();
      if (took || !stalled_.empty()) feed_overflow();
      if (took && shared_->waiters.load(std::memory_order_relaxed) > 1)
        ring_doorbell();  // relaxed: our own count is in it
    }
    return done();
  };
  if (look()) return true;
  int cpu = os::current_cpu();
  if (shared_->owner_cpu.load(std::memory_order_relaxed) != cpu)
    shared_->owner_cpu.store(
        cpu, std::memory_order_relaxed);  // relaxed: a hint, and written rarely, as workers read its line often
  // relaxed: hints
  auto count = static_cast<std::uint32_t>(workers_.size());
  std::uint32_t awake = count - std::min(count, idle_workers(*shared_));
  int partner = awake == 1 ? shared_workers_[first_awake(*shared_)].cpu.load(std::memory_order_relaxed) : -1;
  park::Spin spin(spin_policy(awake >= static_cast<std::uint32_t>(cpus_)), cpu == partner && cpu >= 0);
  while (spin.again())
    if (completions_pending() && look()) return true;
  shared_->waiters.fetch_add(1, std::memory_order_relaxed);  // relaxed: ordered by the fence
  ScopeExit leave(
      [&] { shared_->waiters.fetch_sub(1, std::memory_order_relaxed); });  // relaxed: a late sight costs a wake-up
  // SYNC(waiters): this fence pairs with the one in Worker::ring_doorbell(): either the worker sees us or we see its entry. Once, as the
  // count stays: who sees it changes the doorbell after its entry.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  while (true) {
    // SYNC(doorbell): acquire here and below; carries what was rung for (other side: WaitWord::notify())
    std::uint32_t seen = shared_->doorbell.load(std::memory_order_acquire);
    if (look()) return true;
    if (deadline.expired()) return false;
    // A worker that was killed before it could ring is found by the rest's end, should its death go unnoticed.
    Deadline until = Deadline::earlier(deadline, Deadline(park::kLongestRest));
    if (method_ == StartMethod::fork && missing_workers_ != 0) until = Deadline::earlier(until, replace_by_fork());
    // SYNC(doorbell): as above
    auto rung = [&] { return shared_->doorbell.load(std::memory_order_acquire) != seen; };
    park::Hooks hooks{.spin = park::kNoSpin, .patience = park::Patience::of_a_rest()};
    (void)park::WaitWord(shared_->doorbell, park::Mark()).wait(rung, until, hooks);
  }
}

// ---- jobs ---------------------------------------------------------------------------------------------------------

void PoolCore::push_job(const MapJob& job) {
  if (!push_entry(kJobEntry | job.entry)) return;
  for (std::uint64_t chunk = 1; chunk < job.chunks() && wake_sleeper(*shared_); ++chunk) {}
}

void PoolCore::run_job(MapJob& job, const char* operation) {
  {
    std::unique_lock guard(mutex_);
    require_open(operation, guard);
    if (jobs_->open(job)) push_job(job);
  }
  wait_until([&] { return job.complete() || job.abandoned(); }, Deadline::never(), operation);
}

void PoolCore::finish_job(MapJob& job) noexcept {
  std::lock_guard guard(mutex_);
  if (MapJob* next = jobs_->finish(job)) {
    try {
      push_job(*next);
    } catch (...) { next->abandon(std::current_exception()); }
  }
  // join() waits for the end of all.
  if (shared_->waiters.load(std::memory_order_relaxed) != 0)
    ring_doorbell();  // relaxed: ordered by the mutex, see wait_until()
}

}  // namespace cohort::detail
