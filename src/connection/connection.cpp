// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/connection/connection.hpp"

#include <cstring>
#include <string>

#include "cohort/sync/handle_codec.hpp"
#include "connection/connection_ring.hpp"
#include "connection/connection_stream.hpp"
#include "family/lock.hpp"
#include "os/fd.hpp"
#include "os/socket.hpp"

namespace cohort {

using detail::StreamEnd;
using ring::WaitLimits;

OversizedMessage::OversizedMessage(std::string_view operation, std::vector<std::byte> message)
    : BufferTooShort(operation, "",
                     "the message has " + std::to_string(message.size()) + " bytes, more than there is room for"),
      message_(std::move(message)) {}
OversizedMessage::~OversizedMessage() = default;

Connection Connection::from_descriptor(int descriptor, const ConnectionOptions& options) {
  if (descriptor < 0) throw ValueError("Connection", std::to_string(descriptor), "that is not a descriptor");
  if (descriptor < 3)
    throw ValueError(
        "Connection", std::to_string(descriptor),
        "that is a standard stream, which others write to and close: pass a copy of a higher number, by dup()");
  if (!options.readable && !options.writable)
    throw ValueError("Connection", "", "at least one of readable and writable must be true");
  if (!os::is_open(descriptor)) throw OsError(EBADF, "Connection", std::to_string(descriptor));
  if (os::is_message_socket(descriptor))
    throw ValueError("Connection", std::to_string(descriptor),
                     "that is a socket of datagrams or packets: a stream socket or a pipe is needed");
  return Connection(std::make_shared<StreamEnd>(os::Fd(descriptor), options));
}

void Connection::throw_timeout(const char* operation) { throw TimeoutError(operation, "", "the deadline passed"); }

// ---- values ----------------------------------------------------------------------------------------------------------

bool Connection::send_value(FunctionRef<void(Encoder&)> encode, Deadline deadline, const std::stop_token* stop) {
  detail::MessageEncoder encoder(deadline);
  try {
    encode(encoder);
  } catch (const family::LockedOut&) {
    // Of the encoder, for a block of the family memory. Nothing was sent.
    if (deadline.is_never()) throw;
    return false;
  }
  return send_encoded(encoder, deadline, stop);
}

bool Connection::send_encoded(detail::MessageEncoder& encoder, Deadline deadline, const std::stop_token* stop) {
  const char* operation = stop == nullptr ? "Connection.send" : "Connection.try_send";
  if (!stream_) return connection::ring_send(ring_, encoder, {deadline, stop}, operation);
  if (encoder.has_attachments())
    throw EncodeError(operation, "",
                      "the value holds a handle of a shared object, which passes through pipes in memory only");
  return stream_->send(encoder.bytes(), {deadline, stop}, operation);
}

bool Connection::recv_message(Arrived& arrived, Deadline deadline, const std::stop_token* stop) {
  const char* operation = stop == nullptr ? "Connection.recv" : "Connection.try_recv";
  if (!stream_) {
    connection::Assembly assembly;
    bool received =
        connection::ring_receive(ring_, arrived.message, assembly, connection::kAnyLength, {deadline, stop}, operation);
    arrived.storage = std::move(assembly.storage);  // what the message points to stays where it is
    return received;
  }
  auto message = stream_->receive({}, {deadline, stop}, operation);
  if (!message) return false;
  arrived.limits = stream_->limits().decode;
  arrived.storage = std::move(*message);
  arrived.message.set_block(0, arrived.storage.data(), arrived.storage.size(), false);
  return true;
}

// ---- bytes -----------------------------------------------------------------------------------------------------------

namespace {

std::optional<std::vector<std::byte>> take_bytes(const detail::RingEnd& end, std::size_t most, const WaitLimits& limits,
                                                 const char* operation) {
  connection::Assembly assembly;
  detail::ReceivedMessage message;
  if (!connection::ring_receive(end, message, assembly, most, limits, operation)) return std::nullopt;
  auto bytes = message.bytes();
  if (!assembly.storage.empty()) return std::move(assembly.storage);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

}  // namespace

void Connection::send_bytes(std::span<const std::byte> bytes, std::size_t offset, std::optional<std::size_t> size,
                            Deadline deadline) {
  if (offset > bytes.size())
    throw ValueError("Connection.send_bytes", std::to_string(offset), "the offset lies beyond the buffer");
  std::size_t rest = bytes.size() - offset;
  if (size && *size > rest)
    throw ValueError("Connection.send_bytes", std::to_string(*size), "offset and size lie beyond the buffer");
  auto message = bytes.subspan(offset, size.value_or(rest));
  bool sent = stream_ ? stream_->send(message, {deadline, nullptr}, "Connection.send_bytes")
                      : connection::ring_send(ring_, message, {deadline, nullptr}, "Connection.send_bytes");
  if (!sent) throw_timeout("Connection.send_bytes");
}

bool Connection::try_send_bytes(std::span<const std::byte> bytes, Deadline deadline, const std::stop_token& stop) {
  if (stream_) return stream_->send(bytes, {deadline, &stop}, "Connection.try_send_bytes");
  return connection::ring_send(ring_, bytes, {deadline, &stop}, "Connection.try_send_bytes");
}

std::vector<std::byte> Connection::recv_bytes(std::optional<std::size_t> maxlength, Deadline deadline) {
  if (stream_) {
    auto message = stream_->receive(maxlength, {deadline, nullptr}, "Connection.recv_bytes");
    if (!message) throw_timeout("Connection.recv_bytes");
    return std::move(*message);
  }
  auto message =
      take_bytes(ring_, maxlength.value_or(connection::kAnyLength), {deadline, nullptr}, "Connection.recv_bytes");
  if (!message) throw_timeout("Connection.recv_bytes");
  return std::move(*message);
}

std::optional<std::vector<std::byte>> Connection::try_recv_bytes(Deadline deadline, const std::stop_token& stop) {
  if (stream_) return stream_->receive({}, {deadline, &stop}, "Connection.try_recv_bytes");
  return take_bytes(ring_, connection::kAnyLength, {deadline, &stop}, "Connection.try_recv_bytes");
}

std::size_t Connection::recv_bytes_into(std::span<std::byte> buffer, std::size_t offset, Deadline deadline) {
  const char* operation = "Connection.recv_bytes_into";
  if (offset > buffer.size()) throw ValueError(operation, std::to_string(offset), "the offset lies beyond the buffer");
  auto room = buffer.subspan(offset);
  if (stream_) {
    auto size = stream_->receive_into(room, {deadline, nullptr}, operation);
    if (!size) throw_timeout(operation);
    return *size;
  }
  connection::Assembly assembly{room, {}};
  detail::ReceivedMessage message;
  if (!connection::ring_receive(ring_, message, assembly, connection::kAnyLength, {deadline, nullptr}, operation))
    throw_timeout(operation);
  auto bytes = message.bytes();
  if (bytes.size() > room.size()) {
    if (assembly.storage.empty()) assembly.storage.assign(bytes.begin(), bytes.end());
    throw OversizedMessage(operation, std::move(assembly.storage));
  }
  // One that came in pieces is there already.
  if (!bytes.empty() && bytes.data() != room.data()) std::memcpy(room.data(), bytes.data(), bytes.size());
  return bytes.size();
}

// ---- the end ---------------------------------------------------------------------------------------------------------

bool Connection::poll(Deadline deadline, const std::stop_token& stop) const {
  if (stream_) return stream_->poll({deadline, &stop});
  return connection::ring_poll(ring_, {deadline, &stop});
}

int Connection::fileno() const { return stream_ ? stream_->fd("Connection.fileno") : connection::ring_fileno(ring_); }

void Connection::close() noexcept {
  if (stream_)
    stream_->close();
  else
    connection::ring_close(ring_);
}

bool Connection::closed() const noexcept { return stream_ ? stream_->closed() : connection::ring_closed(ring_); }

bool Connection::readable() const {
  return stream_ ? stream_->readable() : (connection::ring_mode(ring_) & connection::kMayReceive) != 0;
}

bool Connection::writable() const {
  return stream_ ? stream_->writable() : (connection::ring_mode(ring_) & connection::kMaySend) != 0;
}

bool Connection::same_ring(const Connection& a, const Connection& b) noexcept {
  if (a.ring_.is_null() || b.ring_.is_null()) return a.ring_.is_null() && b.ring_.is_null();
  // All handles of an end in this process share one word.
  return &a.ring_.local_flags() == &b.ring_.local_flags();
}

void Connection::send_handle(int descriptor, Deadline deadline) {
  const char* operation = "Connection.send_handle";
  if (!stream_) {
    (void)connection::ring_mode(ring_);
    throw StateError(operation, "", "memory carries no descriptors: Pipe({.transport = Transport::socket}) does");
  }
  if (!stream_->send_handle(descriptor, deadline)) throw_timeout(operation);
}

int Connection::recv_handle(Deadline deadline) {
  const char* operation = "Connection.recv_handle";
  if (!stream_) {
    (void)connection::ring_mode(ring_);
    throw StateError(operation, "", "memory carries no descriptors: Pipe({.transport = Transport::socket}) does");
  }
  auto fd = stream_->receive_handle(deadline);
  if (!fd) throw_timeout(operation);
  return fd->release();
}

// ---- travelling ------------------------------------------------------------------------------------------------------

namespace detail {

namespace {

// How the other process finds the end.
enum Form : std::uint8_t { in_memory = 0, over_descriptor = 1 };
// Bits of what a connection over a descriptor may do.
constexpr std::uint8_t kReadable = 1;
constexpr std::uint8_t kWritable = 2;

void encode_limits(Encoder& out, const ConnectionLimits& limits) {
  out.write_raw(limits.max_message.count);
  Codec<DecodeLimits>::encode(out, limits.decode);
}

ConnectionLimits decode_limits(Decoder& in) {
  ConnectionLimits limits;
  limits.max_message.count = in.read_raw<std::uint64_t>();
  limits.decode = Codec<DecodeLimits>::decode(in);
  return limits;
}

}  // namespace

void encode_connection(Encoder& out, const Connection& connection) {
  if (connection.is_null()) Encoder::fail("a null connection cannot travel: it was moved from");
  if (StreamEnd* stream = connection.stream_end()) {
    Encoder::Descriptor descriptor;
    descriptor.number = stream->fd_to_copy(descriptor.keep);
    std::size_t index = out.attach_descriptor(std::move(descriptor));
    out.write_raw(Form::over_descriptor);
    out.write_raw(
        static_cast<std::uint8_t>((stream->readable() ? kReadable : 0) | (stream->writable() ? kWritable : 0)));
    out.write_raw(static_cast<std::uint32_t>(index));
    encode_limits(out, stream->limits());
    return;
  }
  connection::EndUse use(connection.ring_end(), "Connection");
  out.write_raw(Form::in_memory);
  encode_handle(out, connection.ring_end());
}

Connection decode_connection(Decoder& in) {
  auto form = in.read_raw<std::uint8_t>();
  if (form == Form::in_memory) return Connection(RingEnd(decode_handle_name(in)));
  if (form != Form::over_descriptor) in.fail("that is no form of a connection");
  auto mode = in.read_raw<std::uint8_t>();
  if (mode == 0 || mode > (kReadable | kWritable)) in.fail("a connection that neither receives nor sends");
  auto index = in.read_raw<std::uint32_t>();
  ConnectionOptions options{.readable = (mode & kReadable) != 0, .writable = (mode & kWritable) != 0};
  options.limits = decode_limits(in);
  os::Fd fd(in.take_descriptor(index));
  return Connection::from_descriptor(fd.release(), options);
}

}  // namespace detail

}  // namespace cohort
