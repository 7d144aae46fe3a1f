// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A queue with no more calls than Python's SimpleQueue. Inside it is a Queue without a bound: put never waits, where
// Python's waits once a pipe is full.
//
//   cohort::SimpleQueue<int> q;
//   q.put(1);
//   int n = q.get();
//
// Threads, processes, fork, death: as Queue. Python: multiprocessing.SimpleQueue.
#pragma once

#include "cohort/queue/typed_queue.hpp"

namespace cohort {

/// The least of a queue: put, get, empty, close.
///
/// T: any type that the codec carries. Python: multiprocessing.SimpleQueue.
template <class T>
class SimpleQueue : public detail::TypedQueue<T> {
  using Base = detail::TypedQueue<T>;

 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::simple_queue;

  SimpleQueue() : Base(kKind, QueueOptions{}) { require_encodable<T>(); }
  /// A handle that arrived; for codecs.
  explicit SimpleQueue(const detail::HandleName& name) : Base(kKind, name) {}
  /// A handle that refers to nothing.
  explicit SimpleQueue(NullHandle) noexcept : Base(kKind, null_handle) {}

  /// Appends an item. Throws as Queue::put, but never Full.
  void put(const T& item) const { Base::put(item); }
  /// Takes the oldest item; while there is none, waits for one. Throws as Queue::get.
  [[nodiscard]] T get(const Until& until = Until::never()) const { return Base::get(until); }

 private:
  // Python's SimpleQueue has none of these.
  using Base::cancel_join_thread;
  using Base::full;
  using Base::join_thread;
  using Base::maxsize;
  using Base::put_many;
  using Base::put_nowait;
  using Base::qsize;
};

}  // namespace cohort
