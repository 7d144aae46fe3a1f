// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A back end without workers: a task runs when a thread waits, in that thread. It shows that what results do is theirs,
// not that of a pool of processes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/pool/pool_backend.hpp"
#include "pool/task_result.hpp"
#include "pool/task_sink.hpp"

namespace cohort::detail::testing {

class InlineBackend final : public PoolBackend {
 public:
  void submit(const CallableDescriptor& callable, FunctionRef<void(Encoder&)> encode, const TaskOptions&,
              std::shared_ptr<TaskSink> sink) override {
    if (closed) throw ClosedError(sink->operation(), "", "the pool is closed");
    VectorEncoder out;
    encode(out);
    sink->set_callable(7);
    tasks.push_back({&callable, out.take(), std::move(sink)});
  }
  bool wait_until(FunctionRef<bool()> done, Deadline deadline, const char*, const TaskSink*) override {
    while (!done()) {
      if (deadline.expired() || tasks.empty()) return false;
      run_one();
    }
    return true;
  }
  [[nodiscard]] std::string name_of_callable(std::uint32_t number) override { return "f" + std::to_string(number); }
  void map(const RangedMap&, const MapOptions&) override { throw StateError("map", "", "not here"); }
  void map(const EncodedMap&, const MapOptions&) override { throw StateError("map", "", "not here"); }
  void close() override { closed = true; }
  void terminate() noexcept override { closed = true; }
  bool join(Deadline) override { return true; }
  [[nodiscard]] int processes() const noexcept override { return 1; }
  [[nodiscard]] std::vector<int> worker_pids() override { return {}; }

  void run_one() {
    Task task = std::move(tasks.front());
    tasks.pop_front();
    VectorEncoder out;
    try {
      Decoder in(task.arguments, DecodeLimits::within_family());
      task.callable->call()(in, out);
      task.sink->deliver(TaskResult(TaskResult::Kind::value, out.bytes()));
    } catch (...) { task.sink->deliver(TaskResult(std::current_exception())); }
  }

  struct Task {
    const CallableDescriptor* callable;
    std::vector<std::byte> arguments;
    std::shared_ptr<TaskSink> sink;
  };
  std::deque<Task> tasks;
  bool closed = false;
};

}  // namespace cohort::detail::testing
