// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The compiled side of Pool, as its templates see it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/base/function_ref.hpp"
#include "cohort/pool/pool_options.hpp"
#include "cohort/pool/task_result.hpp"
#include "cohort/wire/callable.hpp"

namespace cohort::detail {

class PoolCore;
using PoolRef = std::shared_ptr<PoolCore>;

COHORT_EXPORT PoolRef make_pool(PoolOptions options);
/// Throws StateError: the call was made on an object that was moved from.
[[noreturn]] COHORT_EXPORT void throw_moved_from(const char* operation);
COHORT_EXPORT void close_pool(PoolCore& pool);
COHORT_EXPORT void terminate_pool(PoolCore& pool) noexcept;
COHORT_EXPORT bool join_pool(PoolCore& pool, Deadline deadline);
[[nodiscard]] COHORT_EXPORT int pool_processes(const PoolCore& pool) noexcept;
[[nodiscard]] COHORT_EXPORT std::vector<int> pool_worker_pids(PoolCore& pool);

/// Hands a call to the workers. `encode` writes state and arguments. The sink gets (tag, result) once.
/// Throws ClosedError, PoolBroken, and what `encode` throws; nothing was submitted then.
COHORT_EXPORT void submit_task(PoolCore& pool, const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode,
                               const TaskOptions& options, std::shared_ptr<TaskSink> sink, std::uint64_t tag);

/// One map whose values and results are plain bytes. `input` is copied in.
struct RangedMap {
  const CallableDescriptor* callable;
  std::span<const std::byte> state;
  const std::byte* input;
  std::size_t input_size;   ///< bytes an item
  std::size_t output_size;  ///< bytes a result; 0: there are none
  std::size_t count;
  FunctionRef<void(const std::byte* results)> take;  ///< is given the results where they lie
  const char* operation;                             ///< the call that the user made
};
COHORT_EXPORT void run_ranged_map(PoolCore& pool, const RangedMap& map, const MapOptions& options);

/// One map whose items are encoded. `encode(i, out)` is called for each in order; `decode(in, n)` for each chunk's n results in order.
struct EncodedMap {
  const CallableDescriptor* callable;
  std::span<const std::byte> state;
  std::size_t count;
  FunctionRef<void(std::size_t index, Encoder& out)> encode;
  FunctionRef<void(Decoder& in, std::size_t count)> decode;
  const char* operation;  ///< the call that the user made
};
COHORT_EXPORT void run_encoded_map(PoolCore& pool, const EncodedMap& map, const MapOptions& options);

/// The calls of the user by which a task is handed in and its result is taken, for messages. Literals: kept, not copied.
struct TaskCalls {
  const char* handing_in;
  const char* taking = "AsyncResult.get";
};

/// The state behind an AsyncResult.
class COHORT_EXPORT AsyncState final : public TaskSink {
 public:
  AsyncState(PoolRef pool, const TaskCalls& calls) : pool_(std::move(pool)), calls_(calls) {}
  [[nodiscard]] const char* operation() const noexcept override { return calls_.handing_in; }
  [[nodiscard]] const char* taking() const noexcept override { return calls_.taking; }
  [[nodiscard]] std::string task() const override;
  ~AsyncState() override;
  void deliver(std::uint64_t tag, TaskResult&& result) noexcept override;
  /// `operation` is the call that the user made.
  bool wait(Deadline deadline, const char* operation);
  /// Waits; throws TimeoutError, or the task's error.
  [[nodiscard]] std::span<const std::byte> get(Deadline deadline);
  [[nodiscard]] bool successful();
  [[nodiscard]] PoolCore& pool() noexcept { return *pool_; }

 private:
  PoolRef pool_;
  TaskCalls calls_;
  TaskResult result_;
  std::atomic<bool> ready_{false};
};

/// The state behind imap_unordered: results that have come, and how many are to come.
class COHORT_EXPORT ImapState final : public TaskSink {
 public:
  ImapState(PoolRef pool, std::size_t window) : pool_(std::move(pool)), window_(window) {}
  ~ImapState() override;
  [[nodiscard]] const char* operation() const noexcept override { return "Pool.imap_unordered"; }
  [[nodiscard]] const char* taking() const noexcept override { return operation(); }
  [[nodiscard]] std::string task() const override;
  void deliver(std::uint64_t tag, TaskResult&& result) noexcept override;
  /// True when another task may be submitted.
  [[nodiscard]] bool has_room();
  void note_submitted();
  void note_not_submitted();
  /// The next result; nullopt-like false when none is under way. Throws TimeoutError.
  bool next(TaskResult& result, Deadline deadline);
  [[nodiscard]] PoolCore& pool() noexcept { return *pool_; }

 private:
  PoolRef pool_;
  std::size_t window_;
  std::mutex mutex_;
  bool filling_ = true;
  std::size_t under_way_ = 0;  // submitted, not delivered
  std::deque<TaskResult> arrived_;
};

/// The window that options mean for a pool of that size.
[[nodiscard]] COHORT_EXPORT std::size_t imap_window(const PoolCore& pool, std::size_t window) noexcept;

}  // namespace cohort::detail
