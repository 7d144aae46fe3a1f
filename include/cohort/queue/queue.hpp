// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A first-in, first-out queue that any number of processes put into and get from.
//
//   void producer(cohort::Queue<std::string> q) { q.put("hello"); }
//
//   cohort::Queue<std::string> q;                 // Queue<Job> q(100): a put waits while there are 100 items
//   cohort::Process p(producer, q);
//   p.start();
//   std::string s = q.get(1s);                    // Empty after 1 s; q.try_get(1s) gives an optional
//   p.join();
//
// A handle: copies share the queue, in this process and others; a queue may be put on a queue. Items are values of any
// type that has a Codec, handles of shared objects among them; Queue<Object> carries mixed ones.
// There is no feeder thread. Once put() returns, the item is in the queue: a process may put, exit and be joined before
// anyone gets it.
//
// Threads:   every call from any thread. Processes: any of the family.
// Fork:      the queue is shared with the copy.
// Death:     a process may be killed at any instruction. Nothing is lost but the item that a killed producer was
//            putting, or the one (or the batch) that a killed consumer had taken; nothing comes twice; nobody hangs.
// Python:    multiprocessing.Queue; see docs/from-python.md for what differs.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "cohort/queue/loan.hpp"
#include "cohort/queue/typed_queue.hpp"

namespace cohort {

/// A first-in, first-out queue between any number of producers and consumers.
///
/// T: any type that the codec carries, handles of shared objects among them. Python: multiprocessing.Queue.
template <class T>
class Queue : public detail::TypedQueue<T> {
  using Base = detail::TypedQueue<T>;
  using Limits = typename detail::QueueHandle::Limits;
  using Lent = typename detail::QueueHandle::Lent;

 public:
  static constexpr detail::ObjectKind kKind = detail::ObjectKind::queue;

  /// Makes a queue of at most `maxsize` items; 0: no bound, as far as the family memory reaches.
  /// @throws OutOfFamilyMemory; StateError after the family was left
  explicit Queue(std::size_t maxsize = 0) : Queue(QueueOptions{.maxsize = maxsize}) {}
  explicit Queue(const QueueOptions& options) : Base(kKind, options) { require_encodable<T>(); }
  /// A handle that arrived; for codecs.
  explicit Queue(const detail::HandleName& name) : Base(kKind, name) {}
  /// A handle that refers to nothing.
  explicit Queue(NullHandle) noexcept : Base(kKind, null_handle) {}

  // ---- in place: queues of vectors of plain items ------------------------------------------------------------------

  /// Memory for an item of `count` elements, to be written in place. Throws OutOfFamilyMemory, ClosedError
  [[nodiscard]] auto loan(std::size_t count) const
    requires detail::PlainVector<T>::value
  {
    Lent lent = this->lend(sizeof(Element), count, "loan", false);
    return loan_of(lent, count);
  }
  /// Puts what was written; the loan is empty afterwards. Throws as put(), and leaves the loan as it is then. Cost: the same
  /// for every size
  template <class U>
    requires detail::PlainVector<T>::value && std::is_same_v<U, typename T::value_type>
  void publish(Loan<U>&& loan, const Until& until = Until::never()) const {
    if (loan.block_ == 0) throw ValueError("Queue.publish", "", "the loan was published or moved from");
    const Limits limits{until, "publish"};
    const Lent lent{.block = loan.block_, .start = loan.start_, .size = loan.size_};
    if (!Base::publish(lent, limits)) this->throw_full(limits);
    loan.block_ = 0;
    loan.items_ = {};
  }
  /// Takes the oldest item where it lies, however it was put; small ones are copied. Throws as get()
  [[nodiscard]] auto get_loan(const Until& until = Until::never()) const
    requires detail::PlainVector<T>::value
  {
    Lent lent;
    const Limits limits{until, "get_loan"};
    auto count = this->get_lent(lent, sizeof(Element), limits);
    if (!count) this->throw_empty(limits);
    return loan_of(lent, *count);
  }

 private:
  template <class V>
  struct ElementOf {
    using type = std::byte;
  };
  template <class V>
    requires detail::PlainVector<V>::value
  struct ElementOf<V> {
    using type = typename V::value_type;
  };
  using Element = typename ElementOf<T>::type;

  static Loan<Element> loan_of(const Lent& lent, std::size_t count) {
    return {lent.block, {reinterpret_cast<Element*>(lent.items), count}, lent.start, lent.size};
  }
};

}  // namespace cohort
