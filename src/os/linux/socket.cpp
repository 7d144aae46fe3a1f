// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "cohort/base/error.hpp"

namespace cohort::os {

namespace {

// False when it would wait and must not.
bool send_message(int fd, std::span<const std::byte> bytes, std::span<const int> fds, int flags) {
  if (fds.size() > kMaxPacketFds) throw OsError(EINVAL, "sendmsg", "too many descriptors");
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPacketFds)];
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(fd, &message, MSG_NOSIGNAL | flags) < 0) {
    if (errno == EAGAIN && (flags & MSG_DONTWAIT) != 0) return false;
    if (errno != EINTR) throw_errno("sendmsg");
  }
  return true;
}

}  // namespace

void send_packet(int fd, std::span<const std::byte> bytes, std::span<const int> fds) {
  (void)send_message(fd, bytes, fds, 0);
}

bool try_send_packet(int fd, std::span<const std::byte> bytes, std::span<const int> fds) {
  return send_message(fd, bytes, fds, MSG_DONTWAIT);
}

void ask_for_senders(int fd) {
  int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) throw_errno("setsockopt(SO_PASSCRED)");
}

std::optional<Packet> receive_packet(int fd, std::span<std::byte> buffer) {
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPacketFds) + CMSG_SPACE(sizeof(ucred))];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  Packet packet;
  packet.fds.reserve(kMaxPacketFds);
  ssize_t length;
  while ((length = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT)) < 0) {
    if (errno == EAGAIN) return std::nullopt;
    if (errno != EINTR) throw_errno("recvmsg");
  }
  packet.size = static_cast<std::size_t>(length);
  packet.truncated = (message.msg_flags & MSG_TRUNC) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_CREDENTIALS) {
      ucred who;
      std::memcpy(&who, CMSG_DATA(header), sizeof who);
      packet.sender = Packet::Sender{who.pid, who.uid, who.gid};
    }
    if (header->cmsg_type != SCM_RIGHTS) continue;
    std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int received;
      std::memcpy(&received, CMSG_DATA(header) + i * sizeof(int), sizeof received);
      packet.fds.push_back(
          above_standard_streams(Fd(received)));  // there is room: an exception would leave the next ones open
    }
  }
  return packet;
}

bool is_socket(int fd) noexcept { return socket_number(fd) != 0; }

bool is_message_socket(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  int saved = errno;
  bool known = ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
  errno = saved;
  return known && type != SOCK_STREAM;
}

std::uint64_t socket_number(int fd) noexcept {
  struct stat status;
  int saved = errno;
  bool is = ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
  errno = saved;
  return is ? static_cast<std::uint64_t>(status.st_ino) : 0;
}

void refuse_input(int fd) noexcept { ::shutdown(fd, SHUT_RD); }

Transfer send_some(int fd, std::span<const std::byte> bytes) {
  while (true) {
    ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return {Transfer::State::moved, static_cast<std::size_t>(n)};
    if (errno == EAGAIN) return {Transfer::State::would_block, 0};
    if (errno == EPIPE || errno == ECONNRESET) return {Transfer::State::ended, 0};
    if (errno != EINTR) throw_errno("send", std::to_string(fd));
  }
}

Transfer receive_some(int fd, std::span<std::byte> buffer) {
  while (true) {
    ssize_t n = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) return {Transfer::State::moved, static_cast<std::size_t>(n)};
    if (n == 0) return {Transfer::State::ended, 0};
    if (errno == EAGAIN) return {Transfer::State::would_block, 0};
    if (errno != EINTR) throw_errno("recv", std::to_string(fd));
  }
}

}  // namespace cohort::os
