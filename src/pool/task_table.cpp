// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/task_table.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "cohort/base/error.hpp"
#include "pool/encoded_failure.hpp"
#include "pool/map_job.hpp"

namespace cohort::detail {

namespace {

constexpr std::uint32_t index_of(std::uint64_t entry) noexcept {
  return static_cast<std::uint32_t>(entry & 0xffffffffu);
}
constexpr std::uint32_t generation_of(std::uint64_t entry) noexcept { return static_cast<std::uint32_t>(entry >> 32); }

}  // namespace

TaskTable::TaskTable(const PoolBlock& pool, Dispatcher& dispatcher, const CallableTable& callables)
    : pool_(pool), dispatcher_(dispatcher), callables_(callables), tasks_(kTaskCapacity) {
  free_.reserve(kTaskCapacity);
  ended_.reserve(kTaskCapacity);
  // The last is taken first, so that the same few records are used over and over.
  for (std::uint32_t i = kTaskCapacity - 2 * kMaxJobs; i-- > 0;) free_.push_back(i);
}

// ---- in -----------------------------------------------------------------------------------------------------------

void TaskTable::add(std::uint32_t callable, TaskArguments& arguments, int retries, std::shared_ptr<TaskSink> sink) {
  const bool wait = full() || !waiting_.empty();
  was_full_.store(wait, std::memory_order_relaxed);  // relaxed: a hint
  if (wait) {
    arguments.make_private();
    waiting_.push_back({callable, std::move(arguments), retries, std::move(sink)});
  } else {
    enqueue(open(callable, arguments, retries, std::move(sink)));
  }
}

std::uint32_t TaskTable::open(std::uint32_t callable, TaskArguments& arguments, int retries,
                              std::shared_ptr<TaskSink>&& sink) {
  std::uint32_t index = free_.back();
  TaskRecord& record = this->record(index);
  arguments.move_to(record, pool_.owner());
  free_.pop_back();
  Task& task = tasks_[index];
  task.sink = std::move(sink);
  task.attachments = arguments.take_attachments();
  task.retries = retries;
  task.callable = callable;
  task.generation = (task.generation + 1) & 0x7fffffffu;
  task.phase = Phase::open;
  dispatcher_.task_opened();
  record.callable = callable;
  // The line is the worker's, and mostly says so already. relaxed: ordered by state
  if (record.result.load(std::memory_order_relaxed) != 0) record.result.store(0, std::memory_order_relaxed);
  // SYNC(task): this release store -> Worker::execute() acquire CAS; carries the record's fields
  record.state.store(state_of(index, TaskPhase::queued), std::memory_order_release);
  return index;
}

void TaskTable::enqueue(std::uint32_t index) {
  tasks_[index].place = dispatcher_.push(task_entry(tasks_[index].generation, index));
}

void TaskTable::feed(Deliveries& batch) {
  while (!waiting_.empty() && failed_waiting_ == 0 && !full()) {
    Waiting& next = waiting_.front();
    std::uint32_t index = 0;
    try {
      index = open(next.callable, next.arguments, next.retries, std::move(next.sink));
    } catch (...) {  // no family memory: this task fails, the others go on
      if (batch.full()) return;
      batch.add(std::move(next.sink), TaskResult(std::current_exception()));
      waiting_.pop_front();
      continue;
    }
    waiting_.pop_front();
    enqueue(index);
  }
  dispatcher_.push_kept([this](std::uint64_t entry, std::uint64_t place) {
    if ((entry & kJobEntry) != 0) return true;
    if (!names_open_task(entry)) return false;
    tasks_[index_of(entry)].place = place;
    return true;
  });
}

// ---- out ----------------------------------------------------------------------------------------------------------

bool TaskTable::names_open_task(std::uint64_t entry) const noexcept {
  std::uint32_t index = index_of(entry);
  return index < kTaskCapacity && tasks_[index].phase == Phase::open &&
         tasks_[index].generation == generation_of(entry);
}

bool TaskTable::take(std::uint64_t entry, Deliveries& batch) {
  if (!names_open_task(entry)) return false;
  std::uint32_t index = index_of(entry);
  batch.add(std::move(tasks_[index].sink), result_of(index));
  ++ended_tries_;
  release(index);
  return true;
}

void TaskTable::note_done(std::uint64_t entry) noexcept {
  if (names_open_task(entry)) end(index_of(entry), nullptr);
}

void TaskTable::end(std::uint32_t index, std::exception_ptr failure) noexcept {
  Task& task = tasks_[index];
  // No worker can begin it any more. What a worker has done stays so until it is taken.
  // SYNC(task): release, so that a late look at an old entry finds either the whole old or the whole new task
  if (failure) record(index).state.store(state_of(index, TaskPhase::free), std::memory_order_release);
  task.failure = std::move(failure);
  task.phase = Phase::ended;
  ++ended_tries_;
  ended_.push_back(index);
}

void TaskTable::take_ended(Deliveries& batch) {
  for (; !ended_.empty() && !batch.full(); ended_.pop_back()) {
    std::uint32_t index = ended_.back();
    Task& task = tasks_[index];
    batch.add(std::move(task.sink), task.failure ? TaskResult(std::exchange(task.failure, nullptr)) : result_of(index));
    release(index);
  }
  for (; failed_waiting_ != 0 && !batch.full(); --failed_waiting_) {
    batch.add(std::move(waiting_.front().sink), TaskResult(waiting_failure_));
    waiting_.pop_front();
  }
}

TaskResult TaskTable::result_of(std::uint32_t index) {
  TaskRecord& record = this->record(index);
  auto kind = record.outcome == TaskOutcome::value ? TaskResult::Kind::value : TaskResult::Kind::remote_error;
  family::Offset block = record.result.load(std::memory_order_relaxed);  // relaxed: ordered by state
  if (block != 0) return {kind, block, record.result_bytes};
  return {kind,
          std::span(record.inline_result, std::min<std::size_t>(record.result_bytes, sizeof record.inline_result))};
}

// The record is anyone's from now on.
void TaskTable::release(std::uint32_t index) noexcept {
  Task& task = tasks_[index];
  TaskRecord& record = this->record(index);
  if (record.arguments_size == kInBlock) {
    free_block_of(record.arguments.block, pool_.owner());
    record.arguments_size = 0;
  }
  // SYNC(task): release, so that a late look at an old entry finds either the whole old or the whole new task
  record.state.store(state_of(index, TaskPhase::free), std::memory_order_release);
  task.phase = Phase::free;
  if (!task.attachments.empty()) task.attachments.clear();
  dispatcher_.task_ended();
  free_.push_back(index);
}

void TaskTable::fail_all(const std::exception_ptr& why) noexcept {
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index)
    if (tasks_[index].phase == Phase::open || tasks_[index].phase == Phase::lost) end(index, why);
  if (failed_waiting_ == waiting_.size()) return;
  failed_waiting_ = waiting_.size();
  waiting_failure_ = why;
}

// ---- deaths -------------------------------------------------------------------------------------------------------

void TaskTable::reclaim(std::uint32_t worker) noexcept {
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index) {
    if (tasks_[index].phase != Phase::open) continue;
    TaskRecord& record = this->record(index);
    // SYNC(task): Worker::execute() release store of done -> this load; carries outcome and result
    TaskState state = TaskState::unpack(record.state.load(std::memory_order_acquire));
    if (state.worker != worker || state.generation != tasks_[index].generation) continue;
    if (state.phase == TaskPhase::done) {
      end(index, nullptr);  // finished, but its completion was not announced any more
    } else if (state.phase == TaskPhase::running) {
      family::Offset block = record.result.exchange(0, std::memory_order_relaxed);  // relaxed: its writer is dead
      if (block != 0 && family::Family::instance().owner(block) == pool_.owner()) free_block_of(block, pool_.owner());
      tasks_[index].phase = Phase::lost;
    }
  }
}

void TaskTable::recover(const WorkerEnd& end_of_worker) {
  for (std::uint32_t index = 0; index < kTaskCapacity; ++index) {
    Task& task = tasks_[index];
    if (task.phase != Phase::lost) continue;
    if (task.retries-- > 0) {
      ++ended_tries_;
      task.phase = Phase::open;
      // SYNC(task): this release store -> Worker::execute() acquire CAS; carries the cleared result
      record(index).state.store(state_of(index, TaskPhase::queued), std::memory_order_release);
      enqueue(index);
    } else {
      end(index, std::make_exception_ptr(DeadWorker{end_of_worker, callables_.name_of(task.callable)}));
    }
  }
  recover_taken(end_of_worker);
}

// What it may have taken off the ring and not begun. Another worker may have it as well, and begin it yet: the task's
// state lets one.
void TaskTable::recover_taken(const WorkerEnd& end_of_worker) {
  std::uint64_t taken = dispatcher_.taken();
  auto is_taken = [&](std::uint32_t index) {
    // relaxed: an entry too many is harmless
    return tasks_[index].phase == Phase::open && tasks_[index].place < taken &&
           record(index).state.load(std::memory_order_relaxed) == state_of(index, TaskPhase::queued);
  };
  std::uint32_t first = 0;
  while (first < kTaskCapacity && !is_taken(first)) ++first;
  if (first == kTaskCapacity) return;
  if (ended_tries_ != std::exchange(tries_at_last_loss_, ended_tries_)) losses_ = 0;
  bool last_try = ++losses_ >= kTriesToBegin + pool_.shared().worker_capacity;
  for (std::uint32_t index = first; index < kTaskCapacity; ++index) {
    if (!is_taken(index)) continue;
    std::uint64_t queued = state_of(index, TaskPhase::queued);
    if (!last_try) {
      enqueue(index);
      // relaxed: nobody has begun it, and nobody will
    } else if (record(index).state.compare_exchange_strong(queued, state_of(index, TaskPhase::free),
                                                           std::memory_order_relaxed)) {
      std::string name = callables_.name_of(tasks_[index].callable) + ", before it began";
      end(index, std::make_exception_ptr(DeadWorker{end_of_worker, std::move(name)}));
    }
  }
}

}  // namespace cohort::detail
