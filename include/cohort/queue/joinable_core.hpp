// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a JoinableQueue has beside a queue, whatever the type of its items: the count of items that are done, and with
// redelivery the items that consumers have taken and are not done with. Users name JoinableQueue.
#pragma once

#include <cstddef>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/queue/queue_core.hpp"

namespace cohort {

/// How a JoinableQueue is made.
struct JoinableQueueOptions {
  /// Most items in the queue; 0: no bound.
  std::size_t maxsize = 0;
  /// An item that a process has taken and not yet called task_done() for is given to another one when it dies.
  bool redeliver = false;
  /// With redelivery: most items that are taken and not done at once, by all processes.
  std::size_t most_unfinished_gets = 1024;
};

namespace detail {

class COHORT_EXPORT JoinableHandle : public QueueHandle {
 public:
  /// As of a queue, with the items that came back from dead consumers.
  [[nodiscard]] std::size_t qsize() const;
  [[nodiscard]] bool empty() const;

 protected:
  JoinableHandle(ObjectKind kind, const JoinableQueueOptions& options);
  JoinableHandle(ObjectKind kind, const HandleName& name) : QueueHandle(kind, name) {}

  std::size_t put_plain(const void* values, std::size_t size, std::size_t count, const Limits& limits) const;
  std::size_t get_plain(void* to, std::size_t size, std::size_t most, const Limits& limits) const;
  bool put_message(FunctionRef<void(Encoder&)> encode, const Limits& limits) const;
  bool get_message(ReceivedMessage& message, const Limits& limits) const;
  void task_done_core(Deadline deadline) const;
  bool join_core(const Limits& limits) const;

 private:
  [[nodiscard]] bool redelivers() const;
  std::size_t put_plain_in_blocks(const std::byte* values, std::size_t size, std::size_t count,
                                  const Limits& limits) const;
  std::size_t get_plain_leases(std::byte* to, std::size_t size, std::size_t most, const Limits& limits) const;
};

}  // namespace detail
}  // namespace cohort
