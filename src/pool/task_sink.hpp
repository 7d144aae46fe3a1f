// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Where the result of a task is delivered.
#pragma once

#include <cstdint>
#include <string>

namespace cohort::detail {

class TaskResult;

/// Takes results as they come: from any thread, under no lock. It does nothing but keep them and say so: what the user
/// wants to be called runs elsewhere.
class TaskSink {
 public:
  TaskSink() = default;
  TaskSink(const TaskSink&) = delete;
  TaskSink& operator=(const TaskSink&) = delete;
  virtual ~TaskSink() = default;
  virtual void deliver(TaskResult&& result) noexcept = 0;
  /// For messages: the call by which the user handed the task in, and the one that takes its result.
  [[nodiscard]] virtual const char* operation() const noexcept = 0;
  [[nodiscard]] virtual const char* taking() const noexcept = 0;
  /// The task's function, for messages.
  [[nodiscard]] virtual std::string task() const = 0;

  /// Its number in the pool. Set before the task is handed on, for all tasks of one sink the same.
  void set_callable(std::uint32_t number) noexcept { callable_ = number; }
  [[nodiscard]] std::uint32_t callable() const noexcept { return callable_; }
  /// Whether it is to be delivered to although no thread of the program's waits.
  [[nodiscard]] bool is_prompt() const noexcept { return prompt_; }

 protected:
  explicit TaskSink(bool prompt) noexcept : prompt_(prompt) {}

 private:
  std::uint32_t callable_ = UINT32_MAX;
  bool prompt_ = false;
};

}  // namespace cohort::detail
