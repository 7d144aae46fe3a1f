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

#include "cohort/base/export.hpp"

namespace cohort::detail {

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
  /// The encoded value; throws the error where there is one.
  [[nodiscard]] std::span<const std::byte> value() const {
    if (kind_ != Kind::value) [[unlikely]]
      throw_error();
    return block_ == 0 ? std::span(small_.data(), size_) : bytes_in_block();
  }

 private:
  static constexpr std::size_t kSmall = 104;
  void free_block() noexcept;
  [[noreturn]] void throw_error() const;
  [[nodiscard]] std::span<const std::byte> bytes_in_block() const;

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
  /// The call that the user made, for messages.
  [[nodiscard]] virtual const char* operation() const noexcept { return "Pool.submit"; }
};

}  // namespace cohort::detail
