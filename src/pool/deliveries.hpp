// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Results on the way to their sinks: collected under the pool's mutex, delivered without it.
//
//   Deliveries batch(inbox, own);           // before the guard, so that it is destroyed after it
//   std::lock_guard guard(mutex);
//   …; batch.add(std::move(task.sink), …)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "pool/task_result.hpp"
#include "pool/task_sink.hpp"

namespace cohort::detail {

class Inbox;

/// Destruction delivers what was added: to be destroyed under no lock. A bounded number, so that a mutex is held, and
/// results of others wait, for a short time only; and without memory of the heap, so that results come out when there
/// is none.
class Deliveries {
 public:
  static constexpr std::size_t kMost = 16;

  /// @param own          the sink that the caller alone waits for; may be null. Nobody is told of a delivery to that
  /// @param own_waiters  how often the caller counts in PoolShared::waiters
  explicit Deliveries(Inbox& inbox, const TaskSink* own = nullptr, std::uint32_t own_waiters = 0) noexcept
      : inbox_(inbox), own_(own), own_waiters_(own_waiters) {}
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;
  ~Deliveries() {
    if (count_ != 0) deliver();
  }

  [[nodiscard]] std::size_t room() const noexcept { return kMost - count_; }
  [[nodiscard]] bool full() const noexcept { return count_ == kMost; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// There must be room. The mutex is held.
  void add(std::shared_ptr<TaskSink>&& sink, TaskResult&& result) noexcept;
  /// Other threads are to be told, though what was added may be the caller's own: they wait for the end of all.
  void tell_others() noexcept;

 private:
  struct Delivery {
    std::shared_ptr<TaskSink> sink;
    TaskResult result;
  };
  void deliver() noexcept;
  [[nodiscard]] Delivery* at(std::size_t i) noexcept { return reinterpret_cast<Delivery*>(places_) + i; }

  Inbox& inbox_;
  const TaskSink* own_;
  std::uint32_t own_waiters_;
  bool told_ = false;  // the inbox counts this batch
  std::size_t count_ = 0;
  alignas(Delivery) std::byte places_[kMost * sizeof(Delivery)];
};

}  // namespace cohort::detail
