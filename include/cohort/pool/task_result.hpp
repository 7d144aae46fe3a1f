// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What became of one task, as the pool's owner keeps it: bytes that wait to be decoded, or an error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>

#include "cohort/base/export.hpp"

namespace cohort::detail {

class TaskSink;

class COHORT_EXPORT TaskResult {
 public:
  enum class Kind : unsigned char { pending, value, remote_error, failure };

  TaskResult() = default;
  /// @param bytes  copied when small; else `block` of the family memory holds them and belongs to this object now
  TaskResult(Kind kind, std::span<const std::byte> bytes);
  TaskResult(Kind kind, std::uint64_t block, std::size_t size) : kind_(kind), size_(size), block_(block) {}
  explicit TaskResult(std::exception_ptr failure) : kind_(Kind::failure), failure_(std::move(failure)) {}
  TaskResult(TaskResult&& other) noexcept;
  TaskResult& operator=(TaskResult&& other) noexcept;
  TaskResult(const TaskResult&) = delete;
  TaskResult& operator=(const TaskResult&) = delete;
  ~TaskResult() {
    if (block_ != 0) free_block();
  }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  /// The encoded value; throws the error where there is one. `sink` is what it was delivered to, which names the call and
  /// the task.
  [[nodiscard]] std::span<const std::byte> value(const TaskSink& sink) const {
    if (kind_ != Kind::value) [[unlikely]]
      throw_error(sink);
    return block_ == 0 ? std::span(small_.data(), size_) : bytes_in_block(sink);
  }

 private:
  static constexpr std::size_t kSmall = 104;
  void free_block() noexcept;
  [[noreturn]] void throw_error(const TaskSink& sink) const;
  [[nodiscard]] std::span<const std::byte> bytes_in_block(const TaskSink& sink) const;

  Kind kind_ = Kind::pending;
  std::size_t size_ = 0;
  std::uint64_t block_ = 0;
  std::exception_ptr failure_;
  std::array<std::byte, kSmall> small_;
};

/// Takes results as they come. Called with the pool's mutex held, by whichever thread looks first.
class COHORT_EXPORT TaskSink {
 public:
  TaskSink() = default;
  TaskSink(const TaskSink&) = delete;
  TaskSink& operator=(const TaskSink&) = delete;
  virtual ~TaskSink();
  virtual void deliver(std::uint64_t tag, TaskResult&& result) noexcept = 0;
  /// For messages: the call by which the user handed the task in, and the one that takes its result.
  [[nodiscard]] virtual const char* operation() const noexcept = 0;
  [[nodiscard]] virtual const char* taking() const noexcept = 0;
  /// The task's function, for messages.
  [[nodiscard]] virtual std::string task() const = 0;

  /// Its number in the pool. Set before the task is handed on, for all tasks of one sink the same.
  void set_callable(std::uint32_t number) noexcept { callable_ = number; }
  [[nodiscard]] std::uint32_t callable() const noexcept { return callable_; }

 private:
  std::uint32_t callable_ = UINT32_MAX;
};

}  // namespace cohort::detail
