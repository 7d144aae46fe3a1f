// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Connection: one end of a pipe, through which messages go to the other end and come from there.
//
//   auto [here, there] = cohort::Pipe();
//   cohort::Process p(child, there);          // void child(cohort::Connection c) { c.send(std::string("hello")); }
//   p.start();
//   there.close();                            // only the child has it now, so its end is seen here
//   auto text = here.recv<std::string>();
//
// An end is closed when no process has it any more: by close(), by the end of its last handle, or because its processes
// died. Then the other end receives what was sent before, and after that EndOfFile; what it sends fails with an OsError,
// std::errc::broken_pipe.
//
// A connection lies in the family memory (the default), where its handles may be passed to a Process, put on a queue or
// sent through a pipe; or it stands on a descriptor, may be passed to a Process, and speaks to anything that frames
// messages as Python does.
// Messages arrive whole, once, and in order. A sender that is killed in the middle of a message has sent nothing of it.
//
// Threads: any; several may send and receive at one end, each message goes to one of them.
// Fork:    the child has the same ends; close those that are not its own.
// Cost:    a round trip between awake partners 0.3 µs without a system call.
// Python:  multiprocessing.connection.Connection.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cohort/base/bytes.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/export.hpp"
#include "cohort/base/function_ref.hpp"
#include "cohort/base/null_handle.hpp"
#include "cohort/base/until.hpp"
#include "cohort/object/shared_handle.hpp"
#include "cohort/ring/received_message.hpp"
#include "cohort/wire/codec.hpp"
#include "cohort/wire/decoder.hpp"

namespace cohort {

/// A message was longer than the caller's buffer. It is not lost: it is in here.
class COHORT_EXPORT OversizedMessage : public BufferTooShort {
 public:
  OversizedMessage(std::string_view operation, std::vector<std::byte> message);
  ~OversizedMessage() override;
  OversizedMessage(const OversizedMessage&) = default;
  OversizedMessage& operator=(const OversizedMessage&) = default;
  [[nodiscard]] const std::vector<std::byte>& message() const noexcept { return message_; }

 private:
  std::vector<std::byte> message_;
};

namespace detail {

class Transport;
struct ConnectionAccess;

/// A message as a transport gives it.
struct ArrivedMessage {
  std::vector<std::byte> storage;  ///< where its bytes lie, when this is not empty
  ReceivedMessage message;
  DecodeLimits limits = DecodeLimits::within_family();
};

}  // namespace detail

/// What a peer at the other end of a descriptor can make this process hold. Of pipes in memory, nothing is limited: they are
/// the family's.
struct ConnectionLimits {
  /// The longest message. A receive that says how much it wants (recv_bytes with a maxlength, recv_bytes_into) goes by that instead.
  Bytes max_message = Bytes(std::size_t{64} << 20);
  /// What decoding a value may cost: recv<T>(), try_recv<T>().
  DecodeLimits decode = {};
};

/// How a connection over a descriptor is made.
struct ConnectionOptions {
  /// Whether it may receive.
  bool readable = true;
  /// Whether it may send.
  bool writable = true;
  /// Set more for a peer that is trusted, or less.
  ConnectionLimits limits = {};
};

class COHORT_EXPORT Connection {
 public:
  /// The connection over a stream: a socket, a pipe, a terminal. Takes the descriptor over, and closes it. The peer need not be
  /// trusted: see ConnectionLimits.
  /// @throws ValueError when it is below 3 (a standard stream: pass a copy, by dup()), a socket that is no stream (SOCK_DGRAM,
  /// SOCK_SEQPACKET), or neither way is wanted; OsError when it is not open
  [[nodiscard]] static Connection from_descriptor(int descriptor, const ConnectionOptions& options = {});
  /// A handle that refers to nothing, as a moved-from one: its use throws ClosedError.
  explicit Connection(NullHandle) noexcept {}

  // ---- values --------------------------------------------------------------------------------------------------

  /// Sends a value. Both sides name the same type.
  ///
  /// Blocks:  while the pipe holds more than its capacity
  /// @param until          when to give up
  /// @throws TimeoutError  the deadline passed. In memory, nothing was sent. Over a descriptor, a message may have been
  ///                       sent in part; then no other can be, and further sends throw StateError
  /// @throws Stopped       a stop was requested; the same holds
  /// @throws OsError       broken_pipe: the other end is closed
  /// @throws EncodeError   the value cannot travel; nothing was sent
  /// @throws StateError    this end only receives
  /// @throws ClosedError   this process has closed this end
  template <class T>
  void send(const T& value, const Until& until = Until::never()) {
    auto encode = [&value](Encoder& out) { Codec<T>::encode(out, value); };
    if (!send_value(encode, until, "Connection.send")) throw_over(until, "Connection.send");
  }
  /// A text; received as std::string.
  void send(const char* text, const Until& until = Until::never()) { send(std::string(text), until); }
  /// As send(), but false at the deadline (by default at once), and at a stop.
  template <class T>
  [[nodiscard]] bool try_send(const T& value, const Until& until = Deadline::now()) {
    return send_value([&value](Encoder& out) { Codec<T>::encode(out, value); }, until, "Connection.try_send");
  }

  /// Receives the next message as a value.
  ///
  /// Blocks:  until there is one
  /// @throws EndOfFile     the other end is closed and all it sent was received
  /// @throws TimeoutError  the deadline passed; nothing was received
  /// @throws Stopped       a stop was requested; nothing was received
  /// @throws DecodeError   the message is not a T; it has been consumed. Over a descriptor also: it was cut off by the stream's end, would
  ///                       take more memory than ConnectionLimits::decode allows, or is longer than max_message. The last
  ///                       ends the receiving: every further receive without a limit of its own says the same, and the sender of a
  ///                       socket gets broken_pipe
  /// @throws StateError    this end only sends
  /// @throws ClosedError   this process has closed this end
  template <class T>
  [[nodiscard]] T recv(const Until& until = Until::never()) {
    detail::ArrivedMessage arrived;
    if (!recv_message(arrived, until, "Connection.recv")) throw_over(until, "Connection.recv");
    return decode<T>(arrived);
  }
  /// As recv(), but nullopt when there is no message until the deadline (by default at once) or a stop.
  template <class T>
  [[nodiscard]] std::optional<T> try_recv(const Until& until = Deadline::now()) {
    detail::ArrivedMessage arrived;
    if (!recv_message(arrived, until, "Connection.try_recv")) return std::nullopt;
    return decode<T>(arrived);
  }

  // ---- bytes ---------------------------------------------------------------------------------------------------

  /// Sends `size` bytes of `bytes` from `offset` on (all that follow, by default) as one message, which may be empty.
  /// In memory, more than 2 MiB are received while they are sent, through a few warm blocks; other senders at this end
  /// wait meanwhile. Without a receiver the call still returns: the message lies in the family memory then.
  /// @throws ValueError when they reach beyond the end; OutOfFamilyMemory: nothing was sent; else as send()
  void send_bytes(std::span<const std::byte> bytes, std::size_t offset = 0, std::optional<std::size_t> size = {},
                  const Until& until = Until::never());
  /// As send_bytes() of all, but false at the deadline (by default at once), and at a stop.
  [[nodiscard]] bool try_send_bytes(std::span<const std::byte> bytes, const Until& until = Deadline::now());
  /// Receives a message of at most `maxlength` bytes.
  /// @throws OsError message_size when it is longer: it stays, and may be received with a larger limit (Python: the end
  ///         becomes unreadable); else as recv(). Without a limit, ConnectionLimits::max_message is one
  [[nodiscard]] std::vector<std::byte> recv_bytes(std::optional<std::size_t> maxlength = {},
                                                  const Until& until = Until::never());
  /// As recv_bytes(), but nullopt when there is no message until the deadline (by default at once) or a stop.
  [[nodiscard]] std::optional<std::vector<std::byte>> try_recv_bytes(const Until& until = Deadline::now());
  /// Receives a message into `buffer` from `offset` on; returns its size. The quickest way for large ones. When the deadline
  /// passes in the middle of one whose sender is stopped, it is kept, and the next receive goes on there, in any process.
  /// Over a descriptor it goes straight into the buffer, whatever max_message is: nothing else is held, but for what poll() or a
  /// receive that was given up have taken in before.
  /// @throws OversizedMessage, which carries the message, when it is longer than the room; over a descriptor a message that is more
  ///         than 64 KiB longer stays, for a larger buffer, and BufferTooShort is thrown. ValueError when `offset` lies
  ///         beyond the buffer; else as recv()
  std::size_t recv_bytes_into(std::span<std::byte> buffer, std::size_t offset = 0, const Until& until = Until::never());

  // ---- the end itself ------------------------------------------------------------------------------------------

  /// Waits until a message can be received without blocking, or the end of file was reached.
  ///
  /// Over a descriptor that means that all of the message has come, however slowly its sender sends; what has come of it is taken in
  /// and held by this connection, at most max_message bytes. So receive here what was polled for here: another process that shares
  /// the descriptor does not get it, and meanwhile the connection does not travel. A longer message is ready as soon as its
  /// length is known: recv() refuses it at once, and recv_bytes_into() waits for the rest of it. A descriptor that waits for recv_handle() counts
  /// as a message.
  /// @param until     by default, one look
  /// @returns         true when one can, false at the deadline
  /// @throws Stopped  a stop was requested before
  [[nodiscard]] bool poll(const Until& until = Deadline::now()) const;
  /// A descriptor for poll(2), select, epoll, or an event loop: readable while a message can be received, and at the end of
  /// file. Over a descriptor it is that one itself, which is readable as soon as one byte has come, and not for what poll() or wait()
  /// have taken in already: a receive that waits may then wait as long as the peer likes. Call try_recv() until it gives nothing,
  /// each time that it is readable. Of a pipe in memory, one that is for polling only: do not read, write or
  /// close it. It is made at the first call and the same until close() or the end of the last handle, and then gone: take
  /// it out of the event loop before.
  ///
  /// Of a pipe in memory it stays readable for up to 100 ms after another process took the last message, and is readable
  /// within 200 ms after the last process that had the other end was killed. wait() needs no descriptor of it.
  /// @throws StateError   in memory: this end only sends
  /// @throws OsError      in memory: there was no descriptor, or no thread, to be had
  /// @throws ClosedError  this process has closed this end
  /// Threads: any. In memory: starts one, which all such ends and queues of the process share, and which ends with the
  ///          last of them; it is not in the way of the start method fork
  /// Fork:    in memory: the child's first call makes its own
  /// Cost:    in memory: 50 µs the first time; a look each 100 ms (below 0.1 % of a processor); a message that comes while
  ///          there is none wakes the thread first: a round trip of 1 µs takes 45 µs when one side polls
  /// Python:  Connection.fileno
  [[nodiscard]] int fileno() const;
  /// This process closes its end, whatever number of handles it has of it. Calls under way in other threads throw
  /// ClosedError, as do later ones. Idempotent; never throws.
  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept;
  /// Whether this end may receive, or send.
  [[nodiscard]] bool readable() const;
  [[nodiscard]] bool writable() const;
  [[nodiscard]] bool is_null() const noexcept { return transport_ == nullptr; }
  /// Whether both are the same end.
  friend COHORT_EXPORT bool operator==(const Connection& a, const Connection& b) noexcept;

  /// Sends a copy of a descriptor, over a Unix-domain socket only; recv_handle() at the other end gets it. In Python's
  /// form (multiprocessing.reduction), up to 3.13: from 3.14 on Python waits for an answer.
  /// @throws StateError when this connection is no such socket; OsError
  void send_handle(int descriptor, const Until& until = Until::never());
  /// Receives a descriptor, close-on-exec; the caller closes it.
  /// @throws DecodeError when something came without a descriptor; EndOfFile; TimeoutError; Stopped; StateError as
  ///         send_handle()
  [[nodiscard]] int recv_handle(const Until& until = Until::never());

 private:
  friend struct detail::ConnectionAccess;
  explicit Connection(std::shared_ptr<detail::Transport> transport) noexcept : transport_(std::move(transport)) {}

  template <class T>
  static T decode(detail::ArrivedMessage& arrived) {
    detail::Unpacking unpacking(arrived.message);
    Decoder in(arrived.message.bytes(), arrived.limits);
    T value = Codec<T>::decode(in);
    in.expect_end();
    return value;
  }
  bool send_value(FunctionRef<void(Encoder&)> encode, const Until& until, const char* operation);
  bool recv_message(detail::ArrivedMessage& arrived, const Until& until, const char* operation);
  /// Throws Stopped or TimeoutError.
  [[noreturn]] static void throw_over(const Until& until, const char* operation);

  std::shared_ptr<detail::Transport> transport_;
};

namespace detail {
COHORT_EXPORT void encode_connection(Encoder& out, const Connection& connection);
[[nodiscard]] COHORT_EXPORT Connection decode_connection(Decoder& in);
}  // namespace detail

/// A connection in memory travels whichever way. One over a descriptor travels as an argument of a Process, which gets a copy
/// of the descriptor; by other ways, and in the middle of a message, it throws EncodeError: make the pipe in memory, or
/// send_handle() the descriptor. A null one throws EncodeError, a closed one ClosedError. An end cannot be sent to itself
/// (EncodeError), and should not travel through its own pipe at all: unless somebody receives it, such a pipe stays as long
/// as the family.
template <>
struct Codec<Connection> {
  static void encode(Encoder& out, const Connection& connection) { detail::encode_connection(out, connection); }
  static Connection decode(Decoder& in) { return detail::decode_connection(in); }
};

}  // namespace cohort
