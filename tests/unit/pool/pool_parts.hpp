// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The parts of a pool's owner over a block of their own, without processes: the test does what workers would do.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cohort/wire/callable.hpp"
#include "pool/callable_table.hpp"
#include "pool/deliveries.hpp"
#include "pool/dispatcher.hpp"
#include "pool/inbox.hpp"
#include "pool/pool_block.hpp"
#include "pool/ring.hpp"
#include "pool/task_arguments.hpp"
#include "pool/task_sink.hpp"
#include "pool/task_table.hpp"

namespace cohort::detail::testing {

inline int twice(int n) { return 2 * n; }
using TwiceCall = Invocation<Function<twice>, true, ParameterList<int>>;

/// Keeps what is delivered.
class KeepingSink : public TaskSink {
 public:
  explicit KeepingSink(bool prompt = false) : TaskSink(prompt) {}
  void deliver(TaskResult&& result) noexcept override { results.push_back(std::move(result)); }
  [[nodiscard]] const char* operation() const noexcept override { return "handing in"; }
  [[nodiscard]] const char* taking() const noexcept override { return "taking"; }
  [[nodiscard]] std::string task() const override { return "twice"; }
  /// The value of a result.
  [[nodiscard]] int value(std::size_t i = 0) const { return decode<int>(results.at(i).value(*this)); }

  std::vector<TaskResult> results;
};

struct Parts {
  explicit Parts(std::uint32_t workers = 2) : block(workers) {}

  PoolBlock block;
  CallableTable callables{block};
  Dispatcher dispatcher{block.shared()};
  Inbox inbox{block.shared(), dispatcher};
  TaskTable tasks{block, dispatcher, callables};

  std::shared_ptr<KeepingSink> add(int n, int retries = 0) {
    auto sink = std::make_shared<KeepingSink>();
    add(n, retries, sink);
    return sink;
  }
  void add(int n, int retries, std::shared_ptr<TaskSink> sink) {
    TaskArguments arguments([&](Encoder& out) { TwiceCall::encode_arguments(out, {n}); }, block.owner(), false);
    tasks.add(callables.number_of(TwiceCall::descriptor, "test"), arguments, retries, std::move(sink));
  }

  // ---- what a worker does ------------------------------------------------------------------------------------------

  /// Takes the oldest entry off the ring; nullopt when it is empty.
  std::optional<std::uint64_t> take_entry() {
    auto front = ring_front(block.shared().work);
    if (!front || !ring_take(block.shared().work, front->place)) return std::nullopt;
    return front->value;
  }
  /// True when the task is that worker's now.
  bool claim(std::uint64_t entry, std::uint32_t worker) {
    auto generation = static_cast<std::uint32_t>(entry >> 32);
    std::uint64_t queued = TaskState{generation, TaskPhase::queued, 0}.pack();
    return record(entry).state.compare_exchange_strong(queued,
                                                       TaskState{generation, TaskPhase::running, worker}.pack());
  }
  /// Does the task, but says so to nobody.
  void perform(std::uint64_t entry, std::uint32_t worker) {
    TaskRecord& task = record(entry);
    Decoder in(std::span<const std::byte>(task.arguments.bytes, task.arguments_size), DecodeLimits::within_family());
    SpanEncoder out(task.inline_result);
    TwiceCall::descriptor.call()(in, out);
    task.outcome = TaskOutcome::value;
    task.result_bytes = out.size();
    task.state.store(TaskState{static_cast<std::uint32_t>(entry >> 32), TaskPhase::done, worker}.pack());
  }
  void announce(std::uint64_t entry, std::uint32_t worker) { ring_push(block.worker(worker).completions, entry); }
  /// All of that with the oldest task. False when there is none.
  bool work(std::uint32_t worker = 0) {
    auto entry = take_entry();
    if (!entry || !claim(*entry, worker)) return false;
    perform(*entry, worker);
    announce(*entry, worker);
    return true;
  }

  /// One look of the owner, as PoolCore does it. Returns how many were delivered.
  std::size_t look() {
    Deliveries batch(inbox);
    tasks.take_ended(batch);
    inbox.take_completions(tasks, batch);
    if (tasks.can_feed()) tasks.feed(batch);
    return Deliveries::kMost - batch.room();
  }

  [[nodiscard]] TaskRecord& record(std::uint64_t entry) const {
    return block.shared().tasks[static_cast<std::uint32_t>(entry)];
  }
};

}  // namespace cohort::detail::testing
