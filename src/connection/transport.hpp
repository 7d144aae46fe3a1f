// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a Connection is a handle of: one end, over which whole messages go. MemoryTransport lies in the family memory;
// FramedTransport cuts messages out of a stream of bytes. Coarse: one call a message.
//
// Whatever it stands on is let go of when it is closed and the last call that uses it is over.
// Threads: any. Blocks: as each call's limits say. Errors name `operation`, what the user called.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "cohort/base/function_ref.hpp"
#include "cohort/base/until.hpp"
#include "cohort/connection/connection.hpp"
#include "object/watch_point.hpp"
#include "os/fd.hpp"
#include "os/stream_io.hpp"
#include "watch/local_state.hpp"

namespace cohort::detail {

class Transport : public std::enable_shared_from_this<Transport> {
 public:
  virtual ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // ---- messages -----------------------------------------------------------------------------------------------------

  /// Sends what `encode` writes. False on the deadline or a stop.
  virtual bool send_value(FunctionRef<void(Encoder&)> encode, const Until& until, const char* operation) = 0;
  /// Sends bytes. False on the deadline or a stop.
  virtual bool send(std::span<const std::byte> message, const Until& until, const char* operation) = 0;
  /// Receives a message of at most `most` bytes; without that, of as many as this end takes. False on the deadline or a
  /// stop.
  virtual bool receive(ArrivedMessage& arrived, std::optional<std::size_t> most, const Until& until,
                       const char* operation) = 0;
  /// Receives a message where the caller wants it; its size, or nullopt as above.
  virtual std::optional<std::size_t> receive_into(std::span<std::byte> place, const Until& until,
                                                  const char* operation) = 0;
  /// Waits until a receive would not wait. False on the deadline or a stop.
  virtual bool poll(const Until& until) = 0;

  // ---- descriptors --------------------------------------------------------------------------------------------------

  /// One for poll(2).
  [[nodiscard]] virtual int fileno() = 0;
  /// False on the deadline or a stop.
  virtual bool send_handle(int descriptor, const Until& until) = 0;
  /// nullopt on the deadline or a stop.
  virtual std::optional<os::Fd> receive_handle(const Until& until) = 0;

  // ---- the end ------------------------------------------------------------------------------------------------------

  virtual void close() noexcept = 0;
  [[nodiscard]] bool closed() const noexcept { return state_.closed(); }
  [[nodiscard]] virtual bool readable() = 0;
  [[nodiscard]] virtual bool writable() = 0;
  /// Whether both are the same end.
  [[nodiscard]] bool is_end_of(const Transport& other) const noexcept { return state_ == other.state_; }
  /// Writes by what another process finds, or gets, this end.
  virtual void travel(Encoder& out) = 0;

  // ---- for wait(), which holds a Use --------------------------------------------------------------------------------

  enum class Look : std::uint8_t {
    ready,    ///< a receive would not wait: for a message, or to report an end or an error
    nothing,  ///< all that has come was taken in: sleep
    busy,     ///< another thread receives: what comes is for that one
  };
  /// One look. `until` bounds it where the peer sends faster than it is taken in.
  virtual Look look(Deadline until, const char* operation) = 0;
  /// What a sleep until the next look is for: an object in memory, or a descriptor.
  struct Source {
    std::optional<object::WatchPoint> point;
    os::PollItem item;
  };
  /// @throws StateError when this end only sends
  [[nodiscard]] virtual Source source(const char* operation) = 0;

  class Use;

 protected:
  /// @param state  the word of its LocalState: of all transports of one end in this process the same
  explicit Transport(std::atomic<std::uint32_t>& state) noexcept : state_(state) {}

  /// It is closed, and no call uses it.
  virtual void let_go() noexcept = 0;

  [[nodiscard]] watch::LocalState state() const noexcept { return state_; }

 private:
  watch::LocalState state_;
};

/// A call that uses a transport. While one exists, close() in another thread takes neither memory nor descriptor away.
class Transport::Use {
 public:
  /// Throws ClosedError when it is closed.
  Use(Transport& transport, const char* operation) : transport_(transport), operation_(operation) {
    if (!transport.state_.begin_use()) [[unlikely]]
      refuse();
  }
  ~Use() { finish(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  [[nodiscard]] const char* operation() const noexcept { return operation_; }
  [[nodiscard]] bool closed() const noexcept { return transport_.closed(); }
  /// Throws ClosedError when it was closed meanwhile.
  void check_open() const {
    if (closed()) [[unlikely]]
      throw_closed();
  }

 private:
  void finish() noexcept {
    if (transport_.state_.end_use()) [[unlikely]]
      transport_.let_go();
  }
  [[noreturn]] void refuse();
  [[noreturn]] void throw_closed() const;

  Transport& transport_;
  const char* operation_;
};

/// For this layer and those above it: a connection's transport, and the connection of one.
struct ConnectionAccess {
  /// Throws ClosedError when the connection is null.
  [[nodiscard]] static Transport& transport(const Connection& connection, const char* operation);
  [[nodiscard]] static Connection make(std::shared_ptr<Transport> transport) noexcept {
    return Connection(std::move(transport));
  }
};

/// How a transport travels; the numbers stand on the wire.
enum class TransportForm : std::uint8_t { in_memory = 0, over_descriptor = 1 };

}  // namespace cohort::detail
