// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What runs the tasks of a Pool, as the Pool and its results see it: the one compiled side of all their templates.
//
// A back end is given calls as bytes and gives results as bytes. It has one virtual call a task or a map, so a task in
// another thread, process or machine costs no more than that. The one there is runs them in processes of this machine:
// src/pool/pool_core.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/base/function_ref.hpp"
#include "cohort/pool/pool_options.hpp"
#include "cohort/wire/callable.hpp"

namespace cohort::detail {

class PoolBackend;
using PoolRef = std::shared_ptr<PoolBackend>;
class TaskSink;

/// The calls of the user by which a task is handed in and its result is taken, for messages. Literals: kept, not
/// copied.
struct TaskCalls {
  const char* handing_in;
  const char* taking = "AsyncResult.get";
};

/// One map whose values and results are plain bytes. `input` is copied in.
struct RangedMap {
  const CallableDescriptor* callable;
  FunctionRef<void(Encoder&)> encode_state;  ///< of the callable
  const std::byte* input;
  std::size_t input_size;   ///< bytes an item
  std::size_t output_size;  ///< bytes a result; 0: there are none
  std::size_t count;
  FunctionRef<void(const std::byte* results, std::size_t count)> take;  ///< is given the results where they lie
  const char* operation;                                                ///< the call that the user made
};

/// One map whose items are encoded. `encode(i, out)` is called for each in order; `decode(in, n)` for each chunk's n
/// results in order.
struct EncodedMap {
  const CallableDescriptor* callable;
  FunctionRef<void(Encoder&)> encode_state;  ///< of the callable
  std::size_t count;
  FunctionRef<void(std::size_t index, Encoder& out)> encode;
  FunctionRef<void(Decoder& in, std::size_t count)> decode;
  const char* operation;  ///< the call that the user made
};

/// A result that may still come: what an AsyncResult refers to.
class COHORT_EXPORT PendingResult {
 public:
  PendingResult() = default;
  PendingResult(const PendingResult&) = delete;
  PendingResult& operator=(const PendingResult&) = delete;
  virtual ~PendingResult();
  /// True when it has come. `operation` is the call that the user made.
  virtual bool wait(Deadline deadline, const char* operation) = 0;
  /// The encoded result, which lives as long as this does. Throws TimeoutError, or the task's error.
  [[nodiscard]] virtual std::span<const std::byte> get(Deadline deadline) = 0;
  [[nodiscard]] virtual bool successful() = 0;
};

/// Results of an input that is drawn as they are taken: what an Imap refers to.
class COHORT_EXPORT PendingResults {
 public:
  PendingResults() = default;
  PendingResults(const PendingResults&) = delete;
  PendingResults& operator=(const PendingResults&) = delete;
  virtual ~PendingResults();
  /// The encoded results of one chunk, which live until the next call; nullopt at the end.
  ///
  /// Hands in as many chunks as the window allows first. An exception of `draw` is the end of the input, and thrown
  /// once all results of the items before it have been taken.
  /// @param draw    draws one item and keeps it; false at the end
  /// @param encode  writes the callable's state and what has been drawn since it was called last
  /// Throws TimeoutError, the error of a task, and what `encode` throws.
  virtual std::optional<std::span<const std::byte>> next(FunctionRef<bool()> draw, FunctionRef<void(Encoder&)> encode,
                                                         Deadline deadline) = 0;
};

class COHORT_EXPORT PoolBackend : public std::enable_shared_from_this<PoolBackend> {
 public:
  PoolBackend() = default;
  PoolBackend(const PoolBackend&) = delete;
  PoolBackend& operator=(const PoolBackend&) = delete;
  virtual ~PoolBackend();

  // ---- what the templates of Pool begin with -----------------------------------------------------------------------

  /// One call. Throws as submit().
  [[nodiscard]] std::shared_ptr<PendingResult> call(const CallableDescriptor& callable,
                                                    FunctionRef<void(Encoder&)> encode, const TaskOptions& options,
                                                    const TaskCalls& calls);
  /// A lazy map, which has not begun. Throws ValueError for options that cannot be.
  [[nodiscard]] std::shared_ptr<PendingResults> imap_unordered(const CallableDescriptor& callable,
                                                               const ImapOptions& options);

  // ---- what a back end is ------------------------------------------------------------------------------------------

  /// Hands a call in. `encode` writes state and arguments; it is called in here, once, under no lock. The sink gets the
  /// result, once, from any thread, under no lock of the back end's.
  /// Throws ClosedError, PoolBroken, and what `encode` throws; nothing was handed in then.
  virtual void submit(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode,
                      const TaskOptions& options, std::shared_ptr<TaskSink> sink) = 0;
  /// Waits until `done()`, and delivers what comes meanwhile, to whomever it is for; false when the deadline passes
  /// first.
  /// @param done  is called under no lock
  /// @param own   where what the caller waits for is delivered, when no other thread waits for that; may be null
  virtual bool wait_until(FunctionRef<bool()> done, Deadline deadline, const char* operation, const TaskSink* own) = 0;
  /// As messages name it.
  [[nodiscard]] virtual std::string name_of_callable(std::uint32_t number) = 0;
  /// Runs a map and waits for its end. Throws the error of the lowest failed chunk.
  virtual void map(const RangedMap& map, const MapOptions& options) = 0;
  virtual void map(const EncodedMap& map, const MapOptions& options) = 0;

  virtual void close() = 0;
  virtual void terminate() noexcept = 0;
  virtual bool join(Deadline deadline) = 0;
  [[nodiscard]] virtual int processes() const noexcept = 0;
  [[nodiscard]] virtual std::vector<int> worker_pids() = 0;
};

/// The back end whose workers are processes of this machine. Throws as Pool's constructor.
[[nodiscard]] COHORT_EXPORT PoolRef make_process_pool(PoolOptions options);
/// Throws StateError: the call was made on an object that was moved from.
[[noreturn]] COHORT_EXPORT void throw_moved_from(const char* operation);

}  // namespace cohort::detail
