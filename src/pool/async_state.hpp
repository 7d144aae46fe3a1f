// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The state behind an AsyncResult: the place where one result is delivered, and the wait for it.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <utility>

#include "cohort/pool/pool_backend.hpp"
#include "pool/task_result.hpp"
#include "pool/task_sink.hpp"

namespace cohort::detail {

class AsyncState final : public TaskSink, public PendingResult {
 public:
  /// It keeps the back end, so a result outlives its Pool.
  AsyncState(PoolRef pool, const TaskCalls& calls) : pool_(std::move(pool)), calls_(calls) {}

  void deliver(TaskResult&& result) noexcept override;
  [[nodiscard]] const char* operation() const noexcept override { return calls_.handing_in; }
  [[nodiscard]] const char* taking() const noexcept override { return calls_.taking; }
  [[nodiscard]] std::string task() const override;

  bool wait(Deadline deadline, const char* operation) override;
  [[nodiscard]] std::span<const std::byte> get(Deadline deadline) override;
  [[nodiscard]] bool successful() override;

 private:
  PoolRef pool_;
  TaskCalls calls_;
  TaskResult result_;
  std::atomic<bool> ready_{false};
};

}  // namespace cohort::detail
