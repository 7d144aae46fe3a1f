// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A queue whose producer can wait until all items are not only taken, but dealt with.
//
//   cohort::JoinableQueue<Job> q({.redeliver = true});
//   // in each worker:                                     // where the jobs come from:
//   while (auto job = q.try_get(1s)) {                     for (const Job& job : jobs) q.put(job);
//     work(*job);                                          q.join();
//     q.task_done();
//   }
//
// With `redeliver`, an item that a process has taken and not called task_done() for goes to another consumer when that
// process dies, so that join() ends. Such an item may be dealt with twice: by the dead one almost to the end, and again.
// Without it, the items that a killed consumer had taken are never done, and join() waits until its deadline.
//
// Threads, processes, fork, death: as Queue.
// Python:  multiprocessing.JoinableQueue, which has no redelivery.
#pragma once

#include <cstddef>

#include "cohort/queue/joinable_core.hpp"
#include "cohort/queue/typed_queue.hpp"

namespace cohort {

/// A queue whose consumers say when an item is done, so that others can wait until all are.
///
/// T: any type that the codec carries. Python: multiprocessing.JoinableQueue.
template <class T>
class JoinableQueue : public detail::TypedQueue<T, detail::JoinableHandle> {
  using Base = detail::TypedQueue<T, detail::JoinableHandle>;

 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::joinable_queue;

  /// Makes a queue of at most `maxsize` items; 0: no bound.
  explicit JoinableQueue(std::size_t maxsize = 0) : JoinableQueue(JoinableQueueOptions{.maxsize = maxsize}) {}
  /// @throws ValueError when most_unfinished_gets is 0 or above 2^20; OutOfFamilyMemory
  explicit JoinableQueue(JoinableQueueOptions options) : Base(kKind, options) { require_encodable<T>(); }
  /// A handle that arrived; for codecs.
  explicit JoinableQueue(const detail::HandleName& name) : Base(kKind, name) {}
  /// A handle that refers to nothing.
  explicit JoinableQueue(NullHandle) noexcept : Base(kKind, null_handle) {}

  /// Says that an item is dealt with. With redelivery: the oldest one that this process has taken.
  /// @throws ValueError when all items that were put are done (Python's rule; with redelivery: when this process has
  ///         none), ClosedError; TimeoutError: with redelivery, another process, which may be stopped, was in the middle of a call
  ///         until `deadline`, and nothing was done
  void task_done(Deadline deadline = Deadline::never()) const { this->task_done_core(deadline); }
  /// Waits until every item that was put is done.
  ///
  /// @returns         true when all are done, false at the deadline
  /// @throws Stopped  a stop was requested before
  bool join(const Until& until = Until::never()) const { return this->join_core({until, "join"}); }
};

}  // namespace cohort
