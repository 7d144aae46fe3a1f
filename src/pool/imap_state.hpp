// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The state behind an Imap: what has been drawn and handed in, and the results that have come.
#pragma once

#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cohort/pool/pool_backend.hpp"
#include "pool/task_result.hpp"
#include "pool/task_sink.hpp"

namespace cohort::detail {

class ImapState final : public TaskSink, public PendingResults, public std::enable_shared_from_this<ImapState> {
 public:
  ImapState(PoolRef pool, const CallableDescriptor& callable, const ImapOptions& options);

  void deliver(TaskResult&& result) noexcept override;
  [[nodiscard]] const char* operation() const noexcept override { return "Pool.imap_unordered"; }
  [[nodiscard]] const char* taking() const noexcept override { return operation(); }
  [[nodiscard]] std::string task() const override;

  std::optional<std::span<const std::byte>> next(FunctionRef<bool()> draw, FunctionRef<void(Encoder&)> encode,
                                                 Deadline deadline) override;

 private:
  /// Hands in as many chunks as the window allows.
  void fill(FunctionRef<bool()> draw, FunctionRef<void(Encoder&)> encode);
  [[nodiscard]] bool has_room();
  /// Items of the next chunk; fewer than a chunk has at the end.
  [[nodiscard]] std::size_t draw_chunk(FunctionRef<bool()> draw) noexcept;
  /// Makes sure that the result can be delivered without memory.
  void expect_result();
  void expect_no_result() noexcept;
  /// True when there is a next result in `current_`, or none will come.
  [[nodiscard]] bool take_next();

  const PoolRef pool_;
  const CallableDescriptor& callable_;
  const ImapOptions options_;
  const std::size_t window_;

  std::mutex mutex_;
  std::size_t under_way_ = 0;        // handed in, not delivered
  std::vector<TaskResult> arrived_;  // with room for those that are under way

  // Of the thread that takes the results.
  std::vector<TaskResult> taken_;  // those that arrived before the last look
  std::size_t next_taken_ = 0;
  TaskResult current_;
  bool filling_ = true;
  bool input_ended_ = false;
  std::exception_ptr input_failure_;
};

}  // namespace cohort::detail
