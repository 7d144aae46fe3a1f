// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/connection/connection.hpp"

#include <string>

#include "connection/descriptor_stream.hpp"
#include "connection/framed_transport.hpp"
#include "connection/memory_transport.hpp"
#include "connection/transport.hpp"
#include "os/fd.hpp"
#include "os/socket.hpp"

namespace cohort {

using detail::ConnectionAccess;

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
  auto stream = connection::make_descriptor_stream(os::Fd(descriptor));
  return Connection(std::make_shared<connection::FramedTransport>(std::move(stream), options));
}

void Connection::throw_over(const Until& until, const char* operation) {
  if (until.stopped()) detail::throw_stopped(operation);
  throw TimeoutError(operation, "", "the deadline passed");
}

// ---- values ---------------------------------------------------------------------------------------------------------

bool Connection::send_value(FunctionRef<void(Encoder&)> encode, const Until& until, const char* operation) {
  return ConnectionAccess::transport(*this, operation).send_value(encode, until, operation);
}

bool Connection::recv_message(detail::ArrivedMessage& arrived, const Until& until, const char* operation) {
  return ConnectionAccess::transport(*this, operation).receive(arrived, {}, until, operation);
}

// ---- bytes ----------------------------------------------------------------------------------------------------------

namespace {

std::optional<std::vector<std::byte>> receive_bytes(const Connection& connection, std::optional<std::size_t> most,
                                                    const Until& until, const char* operation) {
  detail::ArrivedMessage arrived;
  if (!ConnectionAccess::transport(connection, operation).receive(arrived, most, until, operation)) return std::nullopt;
  if (!arrived.storage.empty()) return std::move(arrived.storage);
  auto bytes = arrived.message.bytes();
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

}  // namespace

void Connection::send_bytes(std::span<const std::byte> bytes, std::size_t offset, std::optional<std::size_t> size,
                            const Until& until) {
  const char* operation = "Connection.send_bytes";
  if (offset > bytes.size()) throw ValueError(operation, std::to_string(offset), "the offset lies beyond the buffer");
  std::size_t rest = bytes.size() - offset;
  if (size && *size > rest) throw ValueError(operation, std::to_string(*size), "offset and size lie beyond the buffer");
  auto message = bytes.subspan(offset, size.value_or(rest));
  if (!ConnectionAccess::transport(*this, operation).send(message, until, operation)) throw_over(until, operation);
}

bool Connection::try_send_bytes(std::span<const std::byte> bytes, const Until& until) {
  const char* operation = "Connection.try_send_bytes";
  return ConnectionAccess::transport(*this, operation).send(bytes, until, operation);
}

std::vector<std::byte> Connection::recv_bytes(std::optional<std::size_t> maxlength, const Until& until) {
  auto message = receive_bytes(*this, maxlength, until, "Connection.recv_bytes");
  if (!message) throw_over(until, "Connection.recv_bytes");
  return std::move(*message);
}

std::optional<std::vector<std::byte>> Connection::try_recv_bytes(const Until& until) {
  return receive_bytes(*this, {}, until, "Connection.try_recv_bytes");
}

std::size_t Connection::recv_bytes_into(std::span<std::byte> buffer, std::size_t offset, const Until& until) {
  const char* operation = "Connection.recv_bytes_into";
  if (offset > buffer.size()) throw ValueError(operation, std::to_string(offset), "the offset lies beyond the buffer");
  auto size = ConnectionAccess::transport(*this, operation).receive_into(buffer.subspan(offset), until, operation);
  if (!size) throw_over(until, operation);
  return *size;
}

// ---- the end --------------------------------------------------------------------------------------------------------

bool Connection::poll(const Until& until) const {
  const bool ready = ConnectionAccess::transport(*this, "Connection.poll").poll(until);
  if (!ready && until.stopped()) detail::throw_stopped("Connection.poll");
  return ready;
}

int Connection::fileno() const { return ConnectionAccess::transport(*this, "Connection.fileno").fileno(); }

void Connection::close() noexcept {
  if (transport_ != nullptr) transport_->close();
}

bool Connection::closed() const noexcept { return transport_ == nullptr || transport_->closed(); }

bool Connection::readable() const { return ConnectionAccess::transport(*this, "Connection").readable(); }

bool Connection::writable() const { return ConnectionAccess::transport(*this, "Connection").writable(); }

bool operator==(const Connection& a, const Connection& b) noexcept {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  return a.transport_->is_end_of(*b.transport_);
}

void Connection::send_handle(int descriptor, const Until& until) {
  const char* operation = "Connection.send_handle";
  if (!ConnectionAccess::transport(*this, operation).send_handle(descriptor, until)) throw_over(until, operation);
}

int Connection::recv_handle(const Until& until) {
  const char* operation = "Connection.recv_handle";
  auto fd = ConnectionAccess::transport(*this, operation).receive_handle(until);
  if (!fd) throw_over(until, operation);
  return fd->release();
}

// ---- travelling -----------------------------------------------------------------------------------------------------

namespace detail {

void encode_connection(Encoder& out, const Connection& connection) {
  if (connection.is_null()) Encoder::fail("a null connection cannot travel: it was moved from");
  ConnectionAccess::transport(connection, "Connection").travel(out);
}

Connection decode_connection(Decoder& in) {
  auto form = in.read_raw<std::uint8_t>();
  if (form == static_cast<std::uint8_t>(TransportForm::in_memory))
    return ConnectionAccess::make(connection::MemoryTransport::arrive(in));
  if (form != static_cast<std::uint8_t>(TransportForm::over_descriptor)) in.fail("that is no form of a connection");
  std::uint32_t index = 0;
  ConnectionOptions options = connection::FramedTransport::decode_options(in, index);
  os::Fd fd(in.take_descriptor(index));
  return Connection::from_descriptor(fd.release(), options);
}

}  // namespace detail

}  // namespace cohort
