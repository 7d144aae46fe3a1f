// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How results come in: from the workers' rings of completions to their sinks, and the threads that wait for them.
//
// A thread that waits takes in what has come, whomever it is for, and delivers it without the pool's mutex. So a result
// has no thread of ours on its way. Where one is to be delivered although no thread waits, one of the pool's own waits
// instead: pool/result_thread.hpp.
#pragma once

#include <atomic>
#include <cstdint>

#include "cohort/base/deadline.hpp"
#include "cohort/base/function_ref.hpp"
#include "pool/deliveries.hpp"
#include "pool/dispatcher.hpp"
#include "pool/layout.hpp"
#include "pool/result_thread.hpp"

namespace cohort::detail {

class TaskTable;

class Inbox {
 public:
  Inbox(PoolShared& pool, Dispatcher& dispatcher) noexcept
      : pool_(pool), workers_(workers_of(&pool)), dispatcher_(dispatcher) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // ---- with the pool's mutex ---------------------------------------------------------------------------------------

  /// Takes in what workers have announced, as far as the batch has room.
  void take_completions(TaskTable& tasks, Deliveries& batch);
  /// Has the table note all that workers have announced; it is delivered later. No memory is needed.
  void note_completions(TaskTable& tasks);
  /// The worker is dead, and what it has announced has been noted.
  void worker_died(std::uint32_t worker) noexcept;
  /// Whether results are on their way to sinks that threads other than those that carry them wait for.
  [[nodiscard]] bool is_delivering() const noexcept {
    // SYNC(delivering): delivery_ends() release -> this load; what was delivered is there
    return delivering_.load(std::memory_order_acquire) != 0;
  }
  void delivery_begins() noexcept { delivering_.fetch_add(1, std::memory_order_relaxed); }  // relaxed: under the mutex

  // ---- without it --------------------------------------------------------------------------------------------------

  /// Whether a worker has announced something. A look.
  [[nodiscard]] bool pending() const noexcept;
  /// Has waiting threads look again.
  void notify() noexcept;
  void delivery_ends(std::uint32_t own_waiters) noexcept;
  void prompt_result_delivered() noexcept { thread_.result_delivered(); }
  /// Calls `look` until it is true; false when the deadline passes first. It is called at once, then when something has
  /// come.
  /// @param look  is told how often this thread counts in PoolShared::waiters
  /// @param rest  is called before each sleep, and says when to look again at the latest
  bool wait(FunctionRef<bool(std::uint32_t own_waiters)> look, Deadline deadline, FunctionRef<Deadline()> rest);

  [[nodiscard]] ResultThread& thread() noexcept { return thread_; }

 private:
  PoolShared& pool_;
  WorkerShared* workers_;
  Dispatcher& dispatcher_;
  std::atomic<std::uint32_t> delivering_{0};  // batches
  ResultThread thread_;
};

}  // namespace cohort::detail
