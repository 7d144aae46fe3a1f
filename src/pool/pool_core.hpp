// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The owner's side of a pool of processes: its parts, its stage, and in which order a death is told to them.
//
// Everything here is private memory of the owner under one mutex; what workers see is in layout.hpp. No code of the
// user's runs under the mutex, and no result is delivered under it.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cohort/pool/pool_backend.hpp"
#include "cohort/process/finalizer.hpp"
#include "pool/callable_table.hpp"
#include "pool/crew.hpp"
#include "pool/dispatcher.hpp"
#include "pool/inbox.hpp"
#include "pool/job_board.hpp"
#include "pool/pool_block.hpp"
#include "pool/task_table.hpp"

namespace cohort::detail {

class PoolCore final : public PoolBackend, private CrewOwner {
 public:
  explicit PoolCore(const PoolOptions& options);
  /// Starts the workers. Throws with none left running.
  void start();

  void submit(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode, const TaskOptions& options,
              std::shared_ptr<TaskSink> sink) override;
  bool wait_until(FunctionRef<bool()> done, Deadline deadline, const char* operation, const TaskSink* own) override;
  [[nodiscard]] std::string name_of_callable(std::uint32_t number) override;
  void map(const RangedMap& map, const MapOptions& options) override;
  void map(const EncodedMap& map, const MapOptions& options) override;
  void close() override;
  void terminate() noexcept override;
  bool join(Deadline deadline) override;
  [[nodiscard]] int processes() const noexcept override { return static_cast<int>(crew_.size()); }
  [[nodiscard]] std::vector<int> worker_pids() override;

 private:
  enum class Stage { open, closed, terminated };

  void require_owner(const char* operation) const;
  /// With the mutex, which it gives back when it throws what broke the pool, as that may be the user's.
  void require_open(const char* operation, std::unique_lock<std::mutex>& guard) const;
  void check_open(const char* operation);

  // With the mutex.
  /// What has ended goes to the batch, as far as that has room; what waits for a record or a place gets one.
  void collect(Deliveries& batch);
  void note_death(std::uint32_t worker, int pid, ExitStatus status);
  [[nodiscard]] std::string take_last_words(std::uint32_t worker);
  [[nodiscard]] std::exception_ptr take_initializer_error(std::uint32_t worker);
  void fail_everything(const std::exception_ptr& why) noexcept;
  /// What is open ends with that; the pool goes on.
  void fail_open(const std::exception_ptr& why) noexcept;
  [[nodiscard]] bool has_work() const noexcept { return !tasks_.empty() || !jobs_.empty(); }

  // Without it.
  /// Takes in and delivers what has come.
  void take_in(const TaskSink* own = nullptr, std::uint32_t own_waiters = 0);
  /// The same, and has all waiting threads look.
  void take_in_and_tell() noexcept;
  template <class Map>
  [[nodiscard]] std::shared_ptr<MapJob> make_job(const Map& map, const MapOptions& options) const;
  /// Runs a job to its end, and throws what became of it. The job keeps its results.
  void run(const std::shared_ptr<MapJob>& job, const char* operation);
  void finish(const MapJob& job) noexcept;
  void expect_prompt_result();

  [[nodiscard]] bool wants_workers() const noexcept override;
  void worker_ended(std::uint32_t worker, int pid, ExitStatus status) noexcept override;
  void has_no_workers(const std::exception_ptr& why) noexcept override;
  void cannot_go_on(const std::exception_ptr& why) noexcept override;

  const int owner_pid_;
  const PoolBlock block_;
  std::mutex mutex_;
  Stage stage_ = Stage::open;
  std::exception_ptr broken_;
  CallableTable callables_;
  Dispatcher dispatcher_;
  Inbox inbox_;
  TaskTable tasks_;
  JobBoard jobs_;
  Crew crew_;
  Finalizer at_exit_;
};

}  // namespace cohort::detail
