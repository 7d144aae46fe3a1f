// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/pool_core.hpp"

#include <algorithm>
#include <csignal>

#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "cohort/base/log.hpp"
#include "cohort/pool/worker_died.hpp"
#include "cohort/wire/remote_error.hpp"
#include "os/cpu.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"
#include "pool/family_encoder.hpp"
#include "pool/map_job.hpp"
#include "pool/ring.hpp"
#include "pool/spin.hpp"
#include "pool/wake.hpp"
#include "pool/worker.hpp"
#include "process/process_core.hpp"
#include "process/service_thread.hpp"

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
  auto& family = shm::Family::instance();
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
  free_tasks_.reserve(kTaskCapacity);
  // The last is taken first, so that the same few records are used over and over.
  for (std::uint32_t i = kTaskCapacity - 2 * kMaxJobs; i-- > 0;) free_tasks_.push_back(i);
}

PoolCore::~PoolCore() {
  if (owner_pid_ != os::process_id() || block_ == 0) return;
  // All workers are dead, or terminate() would still hold the block.
  for (auto& retired : retired_)
    for (shm::Offset block : retired.blocks) shm::Family::instance().free(block);
  shm::Family::instance().free(block_);
}

void PoolCore::require_owner(const char* operation) const {
  // A forked copy is no member. Asking for the pid instead would be a system call for each task.
  if (!(shm::Family::self_or_nobody() == owner_))
    throw StateError(operation, "", "only the process that made a pool can use it");
}

void PoolCore::require_open(const char* operation) {
  require_owner(operation);
  if (broken_) std::rethrow_exception(broken_);
  if (stage_ != Stage::open) throw ClosedError(operation, "", "the pool is closed");
}

// ---- workers ------------------------------------------------------------------------------------------------------

void PoolCore::start() {
  missing_workers_ = static_cast<std::uint32_t>(workers_.size());
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
    Process process(std::move(options), fn<run_pool_worker>, block_, w, options_.initializer);
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
    std::lock_guard guard(mutex_);
    missing_workers_.fetch_sub(1);
    if (stage_ == Stage::terminated) return;  // terminate() knows the process and waits for the replacement mutex
    worker.pid = handle->pid().value_or(0);
    worker.watch = watch(handle->sentinel(), [weak = weak_from_this(), process = *handle] {
      if (auto pool = weak.lock()) pool->reap_and_replace(process);
    });
    if (!worker.alive) continue;  // it has ended already
    for (auto& [slot, job] : jobs_) ring_push(shared_workers_[w].work, kJobEntry | job->entry);
    wake(w);
  }
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
    // A fork from this thread would give the worker this thread's small stack; a waiting thread does it then.
    if (method_ != StartMethod::fork) replace_missing_workers();
  } catch (...) {
    std::lock_guard guard(mutex_);
    fail_everything(std::current_exception());
    ring_doorbell();
  }
}

void PoolCore::note_death(std::uint32_t w, int pid, ExitStatus status) {
  Worker& worker = workers_[w];
  worker.alive = false;
  take_completions();
  std::exception_ptr initializer_error = take_initializer_error(w);
  std::vector<std::uint32_t> running = reclaim_tasks(w);
  for (auto& [slot, job] : jobs_) job->reclaim(w);

  WorkerShared& shared = shared_workers_[w];
  bool was_ready = shared.ready.load(std::memory_order_relaxed) != 0;  // relaxed: its writer is dead
  // The ring's tasks are given out anew, so its entries are all old now. relaxed: the next reader starts after this.
  shared.work.tail.store(shared.work.head.load(std::memory_order_relaxed), std::memory_order_relaxed);
  // relaxed: as above
  if (shared.idle.exchange(0, std::memory_order_relaxed) != 0)
    shared_->idle_workers.fetch_sub(1, std::memory_order_relaxed);
  shared.busy.store(0, std::memory_order_relaxed);    // relaxed: as above
  shared.ready.store(0, std::memory_order_relaxed);   // relaxed: as above
  shared.in_job.store(0, std::memory_order_relaxed);  // relaxed: as above
  if (get_logger().enabled(LogLevel::info))
    get_logger().info("pool worker " + std::to_string(pid) + " " + status.to_string());

  worker.deaths_before_ready = was_ready ? 0 : worker.deaths_before_ready + 1;
  recover_tasks(w, running, pid, status);
  bool freed = false;
  for (auto& [slot, job] : jobs_) freed = job->recover(w, pid, status) || freed;
  if (freed) {
    for (std::uint32_t other = 0; other < workers_.size(); ++other) {
      if (!workers_[other].alive) continue;
      for (auto& [slot, job] : jobs_) ring_push(shared_workers_[other].work, kJobEntry | job->entry);
      wake(other);
    }
  }
  free_retired();
  if (worker.wanted) missing_workers_.fetch_add(1);
  if (initializer_error) {
    fail_everything(initializer_error);
  } else if (worker.deaths_before_ready >= 3) {
    fail_everything(std::make_exception_ptr(
        PoolBroken("Pool", "", "workers die before they are ready; the last one " + status.to_string())));
  }
}

std::exception_ptr PoolCore::take_initializer_error(std::uint32_t w) {
  WorkerShared& shared = shared_workers_[w];
  auto& family = shm::Family::instance();
  // SYNC(init_error): Worker::initialize() release store -> this load; carries the block
  shm::Offset block = shared.init_error.exchange(0, std::memory_order_acquire);
  if (block == 0 || !family.set_owner(block, owner_, owner_)) return nullptr;
  std::size_t size = std::min(static_cast<std::size_t>(shared.init_error_size.load(std::memory_order_relaxed)),
                              family.block_size(block));  // relaxed: ordered by init_error
  std::exception_ptr error;
  try {
    rethrow_remote({family.address(block, size), size});
  } catch (...) { error = std::current_exception(); }
  family.free(block);
  return error;
}

// ---- tasks --------------------------------------------------------------------------------------------------------

bool PoolCore::has_work() const noexcept { return active_tasks_ != 0 || !overflow_.empty() || !jobs_.empty(); }

void PoolCore::fill_record(std::uint32_t index, const CallableDescriptor& callable, const TaskOptions& options,
                           std::shared_ptr<TaskSink> sink, std::uint64_t tag) {
  Task& task = tasks_[index];
  task.sink = std::move(sink);
  task.tag = tag;
  task.retries = options.retries;
  task.active = true;
  task.name = callable.name();
  task.generation = (task.generation + 1) & 0x7fffffffu;
  ++active_tasks_;
  TaskRecord& record = shared_->tasks[index];
  record.callable = number_of(callable);
  record.result.store(0, std::memory_order_relaxed);  // relaxed: ordered by state
  // SYNC(task): this release store -> Worker::execute() acquire CAS; carries the record's fields
  record.state.store(TaskState{task.generation, TaskPhase::queued, 0}.pack(), std::memory_order_release);
}

std::uint32_t PoolCore::number_of(const CallableDescriptor& callable) {
  if (&callable == last_callable_) return last_number_;
  auto [found, added] = numbers_.try_emplace(&callable, static_cast<std::uint32_t>(numbers_.size()));
  if (added && found->second >= kMostCallables) {
    numbers_.erase(found);
    throw ValueError("Pool.submit", callable.name(),
                     "a pool knows at most " + std::to_string(kMostCallables) + " different callables");
  }
  // Ordered by the state of the first task that names it.
  if (added) shared_->callables[found->second] = callable.id();
  last_callable_ = &callable;
  last_number_ = found->second;
  return last_number_;
}

std::vector<Encoder::Attachment> PoolCore::put_arguments(TaskRecord& record, FunctionRef<void(Encoder&)> encode) {
  FamilyEncoder out(record.arguments.bytes, owner_);
  encode(out);
  std::size_t size = out.size();
  if (shm::Offset block = out.take_block()) {
    record.arguments.block = block;
    record.arguments_block_bytes = size;
    record.arguments_size = kInBlock;
  } else {
    record.arguments_size = static_cast<std::uint32_t>(size);
  }
  return out.take_attachments();
}

void PoolCore::submit(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode,
                      const TaskOptions& options, std::shared_ptr<TaskSink> sink, std::uint64_t tag) {
  std::lock_guard guard(mutex_);
  require_open("Pool.submit");
  if (free_tasks_.empty()) {
    take_completions();
    feed_overflow();
  }
  if (free_tasks_.empty()) {
    VectorEncoder arguments;
    encode(arguments);
    overflow_.push_back(
        {&callable, arguments.take(), arguments.take_attachments(), options.retries, std::move(sink), tag});
    return;
  }
  std::uint32_t index = free_tasks_.back();
  tasks_[index].attachments = put_arguments(shared_->tasks[index], encode);
  (void)number_of(callable);  // may throw: before anything is taken
  free_tasks_.pop_back();
  fill_record(index, callable, options, std::move(sink), tag);
  enqueue(index);
}

void PoolCore::feed_overflow() {
  while (!overflow_.empty() && !free_tasks_.empty()) {
    Overflow next = std::move(overflow_.front());
    overflow_.pop_front();
    std::uint32_t index = free_tasks_.back();
    try {
      (void)put_arguments(shared_->tasks[index], [&](Encoder& out) { out.write(next.arguments); });
      (void)number_of(*next.callable);
    } catch (...) {  // no family memory: this task fails, the others go on
      next.sink->deliver(next.tag, TaskResult(std::current_exception()));
      continue;
    }
    free_tasks_.pop_back();
    tasks_[index].attachments = std::move(next.attachments);
    fill_record(index, *next.callable, {.retries = next.retries}, std::move(next.sink), next.tag);
    enqueue(index);
  }
  for (std::size_t left = stalled_.size(); left-- > 0;) {
    std::uint32_t index = stalled_.front();
    stalled_.pop_front();
    enqueue(index);
  }
}

// The one that will come to it first: one that is awake and looks for work, then one that sleeps, then the shortest ring. The last one
// is asked first, so that a caller who waits for each result keeps one worker awake and lets the others sleep. Entries of tasks that
// others stole count too, so a worker in a long task gets no more.
std::uint32_t PoolCore::choose_worker() {
  auto count = static_cast<std::uint32_t>(workers_.size());
  std::uint32_t best = last_worker_;
  std::uint64_t least = UINT64_MAX;
  for (std::uint32_t step = 0; step < count && least != 0; ++step) {
    std::uint32_t w = last_worker_ + step < count ? last_worker_ + step : last_worker_ + step - count;
    const WorkerShared& shared = shared_workers_[w];
    // relaxed: a choice, no more
    std::uint64_t length =
        shared.work.head.load(std::memory_order_relaxed) - shared.work.tail.load(std::memory_order_relaxed);
    if (length >= kTaskCapacity - 2 * kMaxJobs) continue;
    std::uint64_t wait = 4 * length + 2 * shared.busy.load(std::memory_order_relaxed) +
                         shared.idle.load(std::memory_order_relaxed);  // relaxed: as above
    if (wait >= least) continue;
    least = wait;
    best = w;
  }
  last_worker_ = best;
  return least == UINT64_MAX ? UINT32_MAX : best;
}

void PoolCore::enqueue(std::uint32_t index) {
  std::uint32_t w = choose_worker();
  if (w == UINT32_MAX) {
    stalled_.push_back(index);
    return;
  }
  tasks_[index].worker = w;
  ring_push(shared_workers_[w].work, task_entry(tasks_[index].generation, index));
  // SYNC(idle), SYNC(busy): this fence pairs with those in Worker::sleep() and Worker::share_work(): either the worker sees the entry or
  // we see that it is idle, or busy
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (wake_if_idle(*shared_, shared_workers_[w])) return;
  // One that looks for work will find this entry. One that is busy may be so for long: whoever sleeps may as well steal it.
  // relaxed: ordered by the fence
  if (shared_workers_[w].busy.load(std::memory_order_relaxed) == 0 ||
      shared_->idle_workers.load(std::memory_order_relaxed) == 0)
    return;
  for (std::uint32_t other = 0; other < workers_.size(); ++other)
    if (wake_if_idle(*shared_, shared_workers_[other])) return;
}

void PoolCore::wake(std::uint32_t w) { detail::wake(*shared_, shared_workers_[w]); }

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
        // SYNC(ring): the worker's release store of head in ring_push() -> ring_pop(); carries outcome and result, which were written before
        take_result(index);
        any = true;
      }
    }
  }
  return any;
}

void PoolCore::take_result(std::uint32_t index) {
  TaskRecord& record = shared_->tasks[index];
  auto kind = record.outcome == TaskOutcome::value ? TaskResult::Kind::value : TaskResult::Kind::remote_error;
  shm::Offset block = record.result.load(std::memory_order_relaxed);  // relaxed: ordered by state
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
    shm::Family::instance().free(record.arguments.block);
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
  free_tasks_.push_back(index);
  std::shared_ptr<TaskSink> sink = std::move(task.sink);
  sink->deliver(task.tag, std::move(result));
}

std::vector<std::uint32_t> PoolCore::reclaim_tasks(std::uint32_t w) {
  std::vector<std::uint32_t> running;
  auto& family = shm::Family::instance();
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index) {
    if (!tasks_[index].active) continue;
    TaskRecord& record = shared_->tasks[index];
    // SYNC(task): Worker::execute() release store of done -> this load; carries outcome and result
    TaskState state = TaskState::unpack(record.state.load(std::memory_order_acquire));
    if (state.worker != w || state.generation != tasks_[index].generation) continue;
    if (state.phase == TaskPhase::done) {
      take_result(index);  // finished, but its completion was not announced any more
    } else if (state.phase == TaskPhase::running) {
      shm::Offset block = record.result.exchange(0, std::memory_order_relaxed);  // relaxed: its writer is dead
      if (block != 0 && family.owner(block) == owner_) family.free(block);
      running.push_back(index);
    }
  }
  return running;
}

void PoolCore::recover_tasks(std::uint32_t w, const std::vector<std::uint32_t>& running, int pid, ExitStatus status) {
  for (std::uint32_t index : running) {
    Task& task = tasks_[index];
    if (task.retries-- > 0) {
      // SYNC(task): this release store -> Worker::execute() acquire CAS; carries the cleared result
      shared_->tasks[index].state.store(TaskState{task.generation, TaskPhase::queued, 0}.pack(),
                                        std::memory_order_release);
      enqueue(index);
    } else {
      resolve(index, TaskResult(std::make_exception_ptr(WorkerDied(pid, status, task.name))));
    }
  }
  // What lay in its ring and nobody has begun.
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index) {
    if (!tasks_[index].active || tasks_[index].worker != w) continue;
    TaskState state = TaskState::unpack(
        shared_->tasks[index].state.load(std::memory_order_relaxed));  // relaxed: an enqueue too many is harmless
    if (state.phase == TaskPhase::queued) enqueue(index);
  }
}

void PoolCore::fail_everything(const std::exception_ptr& why) {
  if (!broken_) broken_ = why;
  for (auto& [slot, job] : jobs_) job->abandon(broken_);
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index)
    if (tasks_[index].active) resolve(index, TaskResult(broken_));
  while (!overflow_.empty()) {
    Overflow next = std::move(overflow_.front());
    overflow_.pop_front();
    next.sink->deliver(next.tag, TaskResult(broken_));
  }
  stalled_.clear();
}

// ---- waiting ------------------------------------------------------------------------------------------------------

void PoolCore::ring_doorbell() noexcept {
  shared_->doorbell.fetch_add(1, std::memory_order_relaxed);  // relaxed: the futex call orders
  os::futex_wake_all(shared_->doorbell);
}

bool PoolCore::wait_until(FunctionRef<bool()> done, Deadline deadline) {
  require_owner("Pool");
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
  shared_->owner_cpu.store(cpu, std::memory_order_relaxed);                                          // relaxed: a hint
  int partner = workers_.size() == 1 ? shared_workers_[0].cpu.load(std::memory_order_relaxed) : -1;  // relaxed: a hint
  // relaxed: hints
  auto count = static_cast<std::uint32_t>(workers_.size());
  std::uint32_t awake = count - std::min(count, shared_->idle_workers.load(std::memory_order_relaxed));
  SpinWait spin(cpu, partner, awake >= static_cast<std::uint32_t>(cpus_));
  while (spin.again())
    if (completions_pending() && look()) return true;
  shared_->waiters.fetch_add(1, std::memory_order_relaxed);  // relaxed: ordered by the fence
  ScopeExit leave(
      [&] { shared_->waiters.fetch_sub(1, std::memory_order_relaxed); });  // relaxed: a late sight costs a wake-up
  while (true) {
    std::uint32_t seen = shared_->doorbell.load(std::memory_order_relaxed);  // relaxed: ordered by the fence
    // SYNC(waiters): this fence pairs with the one in Worker::ring_doorbell(): either the worker sees us or we see its entry
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (look()) return true;
    if (deadline.expired()) return false;
    if (method_ == StartMethod::fork && missing_workers_ != 0) {
      try {
        replace_missing_workers();
      } catch (...) {
        std::lock_guard guard(mutex_);
        fail_everything(std::current_exception());
        continue;
      }
    }
    (void)os::futex_wait(shared_->doorbell, seen, deadline);
  }
}

// ---- jobs ---------------------------------------------------------------------------------------------------------

void PoolCore::publish_job(MapJob& job) {
  std::uint32_t slot = 0;
  while (jobs_.contains(slot)) ++slot;
  job.entry = job_generation_++ * kMaxJobs + slot;
  jobs_[slot] = &job;
  shared_->jobs[slot].job.store(job.offset(), std::memory_order_relaxed);  // relaxed: ordered by entry
  // SYNC(job): this release store -> Worker::join_job() acquire load; carries the job's block
  shared_->jobs[slot].entry.store(job.entry, std::memory_order_release);
  for (std::uint32_t w = 0; w < workers_.size(); ++w) ring_push(shared_workers_[w].work, kJobEntry | job.entry);
  // SYNC(idle): this fence pairs with the one in Worker::sleep(): either the worker sees the entry or we see that it is idle
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (std::uint32_t w = 0; w < workers_.size(); ++w) (void)wake_if_idle(*shared_, shared_workers_[w]);
}

void PoolCore::run_job(MapJob& job) {
  wait_until([&] { return jobs_.size() < kMaxJobs || stage_ == Stage::terminated; }, Deadline::never());
  {
    std::lock_guard guard(mutex_);
    require_open("Pool.map");
    publish_job(job);
  }
  wait_until([&] { return job.complete() || job.abandoned(); }, Deadline::never());
}

void PoolCore::finish_job(MapJob& job) noexcept {
  std::lock_guard guard(mutex_);
  if (job.entry == 0) return;
  std::uint32_t slot = job.entry % kMaxJobs;
  jobs_.erase(slot);
  // SYNC(hazard): release before the fence in free_retired(); a worker that joins after it sees no job
  shared_->jobs[slot].entry.store(0, std::memory_order_release);
  try {
    retired_.push_back({job.entry, job.take_blocks()});
  } catch (...) {  // no memory to remember them: they are freed with this process
  }
  free_retired();
}

void PoolCore::free_retired() noexcept {
  // SYNC(hazard): this fence pairs with the one in Worker::join_job(): either we see in_job or the worker sees the slot changed
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::erase_if(retired_, [&](const Retired& retired) {
    for (std::size_t w = 0; w < workers_.size(); ++w) {
      // SYNC(hazard): Worker::join_job() release store of 0 -> this load; all its accesses come before
      if (shared_workers_[w].in_job.load(std::memory_order_acquire) == retired.entry) return false;
    }
    for (shm::Offset block : retired.blocks) {
      try {
        shm::Family::instance().free(block);
      } catch (const Error&) {  // a stray write spoilt it: leaking it is the lesser evil
      }
    }
    return true;
  });
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
  if (!wait_until([&] { return !has_work() || stage_ == Stage::terminated; }, deadline)) return false;
  std::vector<ProcessHandle> processes;
  {
    std::lock_guard guard(mutex_);
    // SYNC(stop): this release store -> Worker::run() acquire load; carries nothing
    shared_->stop.store(1, std::memory_order_release);
    for (std::uint32_t w = 0; w < workers_.size(); ++w) {
      workers_[w].wanted = false;
      wake(w);
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
  fail_everything(std::make_exception_ptr(PoolBroken("Pool", "", "the pool was terminated")));
  ring_doorbell();
} catch (const std::exception& e) { get_logger().error(std::string("a pool could not be terminated: ") + e.what()); }

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
