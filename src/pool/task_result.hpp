// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What became of one task, as the pool's owner keeps it: bytes that wait to be decoded, or an error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <utility>

namespace cohort::detail {

class TaskSink;

class TaskResult {
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
  /// The encoded value; throws the error where there is one. `sink` is what it was delivered to, which names the call
  /// and the task.
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

}  // namespace cohort::detail
