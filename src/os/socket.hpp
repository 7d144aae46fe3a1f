// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: one message over a Unix-domain socket, with descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "os/fd.hpp"
#include "os/stream_io.hpp"

namespace cohort::os {

/// What came with a message.
struct Packet {
  std::size_t size = 0;    ///< bytes received; 0 is the end of the stream
  bool truncated = false;  ///< the message was longer than the buffer
  std::vector<Fd> fds;     ///< close-on-exec; not all that came when this process may have no more
  /// Who sent it, as the kernel says, on a socket that asks for it: its real ids when it sent, and its number here.
  struct Sender {
    std::int32_t pid = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };
  std::optional<Sender> sender;
};

/// The most descriptors in one message: the kernel's SCM_MAX_FD.
inline constexpr std::size_t kMaxPacketFds = 253;

/// Sends one message; never raises SIGPIPE. Throws OsError(EPIPE) when the peer is gone.
void send_packet(int fd, std::span<const std::byte> bytes, std::span<const int> fds);
/// As send_packet(), but does not wait for room, whatever mode the socket is in: false, and nothing was sent.
[[nodiscard]] bool try_send_packet(int fd, std::span<const std::byte> bytes, std::span<const int> fds);
/// Has the kernel say with each message from now on who sent it.
void ask_for_senders(int fd);
/// Receives one message into `buffer`; nullopt when there is none. Does not wait, whatever mode the socket is in: what
/// poll(2) saw may be another process's by now.
[[nodiscard]] std::optional<Packet> receive_packet(int fd, std::span<std::byte> buffer);

/// True when `fd` is a socket.
[[nodiscard]] bool is_socket(int fd) noexcept;
/// True when `fd` is a socket that carries messages of its own (SOCK_DGRAM, SOCK_SEQPACKET …) and not a stream.
[[nodiscard]] bool is_message_socket(int fd) noexcept;
/// A number that no other socket of this machine has while this one exists; 0 when `fd` is not a socket.
[[nodiscard]] std::uint64_t socket_number(int fd) noexcept;
/// Nothing more is taken from the socket: who sends into it is told so, and does not wait for room any longer.
void refuse_input(int fd) noexcept;
/// One send(2) that does not block, whatever mode the socket is in, and raises no SIGPIPE.
[[nodiscard]] Transfer send_some(int fd, std::span<const std::byte> bytes);
/// One recv(2) that does not block, whatever mode the socket is in.
[[nodiscard]] Transfer receive_some(int fd, std::span<std::byte> buffer);

}  // namespace cohort::os
