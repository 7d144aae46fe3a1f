// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the queues have in common that does not depend on the type of their items. Users name Queue, SimpleQueue and
// JoinableQueue; this is their base, and the compiled core under their templates.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "cohort/base/deadline.hpp"
#include "cohort/base/export.hpp"
#include "cohort/base/function_ref.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/ring/received_message.hpp"
#include "cohort/ring/wait_limits.hpp"

namespace cohort {

/// How a Queue is made.
struct QueueOptions {
  /// Most items in the queue; a put waits while there are so many. 0: no bound, as far as the family memory reaches.
  std::size_t maxsize = 0;
};

namespace detail {

class COHORT_EXPORT QueueHandle : public SharedHandle {
 public:
  /// Items in the queue at this moment. Exact, as nothing is under way outside of the queue; with several processes it may
  /// be old when it is returned. After close(): throws ClosedError.
  /// Python: an estimate, and NotImplementedError on macOS
  [[nodiscard]] std::size_t qsize() const;
  /// Whether there is no item. Exact like qsize(): what was put is there when put() has returned.
  /// After close(): true when nothing was ever put, else throws ClosedError (Python: OSError).
  [[nodiscard]] bool empty() const;
  /// Whether there are `maxsize` items.
  [[nodiscard]] bool full() const;
  /// The bound of items; 0: none.
  [[nodiscard]] std::size_t maxsize() const;
  /// This process uses the queue no more: later calls throw ClosedError, through whatever handle of this queue. Other
  /// processes are not concerned; items stay. Idempotent.
  void close();
  [[nodiscard]] bool closed() const;
  /// A descriptor that is readable while there is an item, for poll(2), select, epoll, or an event loop; as
  /// Connection::fileno() of a pipe in memory, with its rules and costs. wait() takes the queue itself.
  /// @throws ClosedError after close(); OsError when there was no descriptor, or no thread, to be had
  /// Python: Queue._reader.fileno(), which is for insiders there
  [[nodiscard]] int fileno() const;
  /// Returns at once: there is no thread, and what was put is in the queue. Throws StateError before close(), as Python
  /// does (AssertionError).
  void join_thread();
  /// Does nothing: what was put is in the queue, and a process that has put may always exit.
  void cancel_join_thread();

 protected:
  QueueHandle(ObjectKind kind, const QueueOptions& options);
  /// A queue with more beside its ring.
  QueueHandle(ObjectKind kind, std::size_t size, std::function<void(void* body)> init);
  QueueHandle(ObjectKind kind, const HandleName& name) : SharedHandle(kind, name) {}
  QueueHandle(ObjectKind kind, NullHandle) noexcept : SharedHandle(kind, null_handle) {}

  using Limits = WaitLimits;

  /// Puts values of `size` bytes, one after the other; returns how many by the deadline.
  std::size_t put_plain(const void* values, std::size_t size, std::size_t count, const Limits& limits) const;
  /// Waits for a value and takes at most `most`; 0 on the deadline.
  std::size_t get_plain(void* to, std::size_t size, std::size_t most, const Limits& limits) const;
  /// Where a message lies on its way: in the ring when it is small, or in a block of its own.
  enum class Place : std::uint8_t { ring, block };
  /// Puts what `encode` writes; false on the deadline.
  bool put_message(FunctionRef<void(Encoder&)> encode, const Limits& limits, Place place = Place::ring) const;
  /// Puts the encoding of a vector of `count` items of `size` bytes, written into a block at once.
  bool put_range(const void* items, std::size_t size, std::size_t count, const Limits& limits) const;
  /// Takes a message; false on the deadline.
  bool get_message(ReceivedMessage& message, const Limits& limits) const;

  /// A block with room for the encoding of a vector; see Loan.
  struct Lent {
    std::uint64_t block = 0;
    std::byte* items = nullptr;
    std::size_t start = 0;  ///< of the message in the block
    std::size_t size = 0;   ///< of the message
  };
  /// `taking`: for an item that is taken already; lies in this process's own memory where the family's is full.
  Lent lend(std::size_t size, std::size_t count, const char* verb, bool taking) const;
  bool publish(const Lent& lent, const Limits& limits) const;
  /// Takes the encoding of a vector with items of `size` bytes, in its block if it lies in one. Returns the number of
  /// items; nullopt on the deadline.
  std::optional<std::size_t> get_lent(Lent& lent, std::size_t size, const Limits& limits) const;

  /// Throw Stopped when a stop has ended the wait.
  [[noreturn]] void throw_empty(const Limits& limits) const;
  [[noreturn]] void throw_full(const Limits& limits) const;
  /// `done` of the `wanted` items. Throws Stopped when a stop came before the first.
  std::size_t count_of(std::size_t done, std::size_t wanted, const Limits& limits) const;
  /// "Queue.get": the class of the object and what the user called.
  [[nodiscard]] std::string operation(const char* verb) const;

  /// Returns local_flags().
  std::atomic<std::uint32_t>& check_open(const char* verb) const;

 private:
  [[noreturn]] void throw_closed(const char* verb) const;
  bool put_encoded(MessageEncoder& encoder, const Limits& limits, Place place) const;
};

}  // namespace detail
}  // namespace cohort
