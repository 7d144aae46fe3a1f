// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The tasks of a pool that have not been delivered: their records, which workers share, and those that wait for one.
//
//   free ──add()──▶ open ──take()──▶ free                      a result, which is delivered at once
//                   open ──note_done()──▶ ended ──take_ended()──▶ free
//                   open ──fail…()──▶ ended
//                   open ──reclaim()──▶ lost ──recover()──▶ open, or ended
//
// A task that has ended keeps its record until it is taken, so noting an end needs no memory. The caller holds the
// pool's mutex in each call but was_full().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <vector>

#include "cohort/wire/encoder.hpp"
#include "pool/callable_table.hpp"
#include "pool/deliveries.hpp"
#include "pool/dispatcher.hpp"
#include "pool/pool_block.hpp"
#include "pool/task_arguments.hpp"
#include "pool/worker_end.hpp"

namespace cohort::detail {

class TaskTable {
 public:
  TaskTable(const PoolBlock& pool, Dispatcher& dispatcher, const CallableTable& callables);
  TaskTable(const TaskTable&) = delete;
  TaskTable& operator=(const TaskTable&) = delete;

  [[nodiscard]] bool full() const noexcept { return free_.empty(); }
  /// full(), at the last add(): where the next arguments go meanwhile. A hint.
  [[nodiscard]] bool was_full() const noexcept { return was_full_.load(std::memory_order_relaxed); }  // relaxed: a hint
  /// No task is open, and none waits to be taken.
  [[nodiscard]] bool empty() const noexcept { return dispatcher_.open_tasks() == 0 && waiting_.empty(); }

  /// One more task. Throws OutOfFamilyMemory; nothing has changed then.
  void add(std::uint32_t callable, TaskArguments& arguments, int retries, std::shared_ptr<TaskSink> sink);
  /// Whether feed() has something to do.
  [[nodiscard]] bool can_feed() const noexcept {
    return (!waiting_.empty() && failed_waiting_ == 0 && !full()) || dispatcher_.keeps_any();
  }
  /// Gives records to those that wait for one, and places in the ring to entries that wait for one, as far as there are
  /// any. One for which there is no family memory fails, and goes to the batch.
  void feed(Deliveries& batch);

  /// A worker has announced its end: it goes to the batch, which must have room. False: the entry is an old one.
  bool take(std::uint64_t entry, Deliveries& batch);
  /// The same, but it is taken later.
  void note_done(std::uint64_t entry) noexcept;
  /// Those that have ended and were not taken, as far as the batch has room.
  void take_ended(Deliveries& batch);

  /// The worker is dead, and what it owned in the family is not freed yet: takes back what it had handed over, and
  /// notes which tasks it has not done.
  void reclaim(std::uint32_t worker) noexcept;
  /// After that: those are handed out again, or fail.
  void recover(const WorkerEnd& end);
  /// All that are open end by that.
  void fail_all(const std::exception_ptr& why) noexcept;

 private:
  enum class Phase : std::uint8_t { free, open, lost, ended };
  struct Task {
    std::shared_ptr<TaskSink> sink;
    std::exception_ptr failure;                    // it has ended by that; null: its record has the result
    std::vector<Encoder::Attachment> attachments;  // shared objects among the arguments
    std::uint64_t place = 0;                       // of its entry in the ring of work, or kNotInRing
    std::uint32_t generation = 0;
    std::uint32_t callable = 0;  // its number
    int retries = 0;
    Phase phase = Phase::free;
  };
  /// A task for which there is no record yet.
  struct Waiting {
    std::uint32_t callable;
    TaskArguments arguments;
    int retries;
    std::shared_ptr<TaskSink> sink;
  };

  [[nodiscard]] TaskRecord& record(std::uint32_t index) const noexcept { return pool_.shared().tasks[index]; }
  [[nodiscard]] std::uint64_t state_of(std::uint32_t index, TaskPhase phase) const noexcept {
    return TaskState{tasks_[index].generation, phase, 0}.pack();
  }
  /// Whether the entry is that of an open task, and not an old one.
  [[nodiscard]] bool names_open_task(std::uint64_t entry) const noexcept;
  /// Makes the record at the end of free_ an open task's, with its arguments in place. It is not in the ring yet.
  std::uint32_t open(std::uint32_t callable, TaskArguments& arguments, int retries, std::shared_ptr<TaskSink>&& sink);
  void enqueue(std::uint32_t index);
  [[nodiscard]] TaskResult result_of(std::uint32_t index);
  void end(std::uint32_t index, std::exception_ptr failure) noexcept;
  void release(std::uint32_t index) noexcept;
  void recover_taken(const WorkerEnd& end);

  const PoolBlock& pool_;
  Dispatcher& dispatcher_;
  const CallableTable& callables_;
  std::vector<Task> tasks_;
  std::vector<std::uint32_t> free_;  // as large as the table, as the next
  std::vector<std::uint32_t> ended_;
  std::deque<Waiting> waiting_;
  std::size_t failed_waiting_ = 0;  // of them, the first
  std::exception_ptr waiting_failure_;
  std::atomic<bool> was_full_{false};
  std::uint64_t ended_tries_ = 0;  // of tasks, with a result or by the death of the worker
  std::uint64_t tries_at_last_loss_ =
      0;                      // when a worker ended the last time that may have taken a task and not begun it
  std::uint32_t losses_ = 0;  // such ends since a try ended
};

}  // namespace cohort::detail
