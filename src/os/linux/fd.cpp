// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/fd.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "cohort/base/error.hpp"
#include "os/stream_io.hpp"

namespace cohort::os {

// Not repeated on EINTR: Linux has closed the descriptor by then, and its number may already be another's.
void FdTraits::release(int fd) noexcept { ::close(fd); }

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe2");
  return {above_standard_streams(Fd(ends[0])), above_standard_streams(Fd(ends[1]))};
}

namespace {

std::pair<Fd, Fd> socket_pair(int type) {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("socketpair");
  return {above_standard_streams(Fd(ends[0])), above_standard_streams(Fd(ends[1]))};
}

void set_flag(int fd, int get, int set, int flag, bool on) {
  int flags = ::fcntl(fd, get);
  if (flags < 0) throw_errno("fcntl", std::to_string(fd));
  int wanted = on ? flags | flag : flags & ~flag;
  if (wanted != flags && ::fcntl(fd, set, wanted) < 0) throw_errno("fcntl", std::to_string(fd));
}

}  // namespace

std::pair<Fd, Fd> make_stream_pair() { return socket_pair(SOCK_STREAM); }
std::pair<Fd, Fd> make_packet_pair() { return socket_pair(SOCK_SEQPACKET); }

Fd make_eventfd() {
  int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw_errno("eventfd");
  return above_standard_streams(Fd(fd));
}

Fd open_file(const char* path, int flags, unsigned mode) {
  int fd;
  do { fd = ::open(path, flags | O_CLOEXEC, mode); } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw_errno("open", path);
  return above_standard_streams(Fd(fd));
}

Fd duplicate(int fd, int lowest) {
  int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, lowest);
  if (copy < 0) throw_errno("fcntl(F_DUPFD_CLOEXEC)", std::to_string(fd));
  return Fd(copy);
}

Fd above_standard_streams(Fd fd) noexcept {
  if (fd.get() > 2 || fd.get() < 0) return fd;
  int copy = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3);
  return copy < 0 ? std::move(fd) : Fd(copy);
}

void set_close_on_exec(int fd, bool on) { set_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on); }
void set_nonblocking(int fd, bool on) { set_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on); }

std::size_t read_full(int fd, std::span<std::byte> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    ssize_t n = ::read(fd, buffer.data() + done, buffer.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EIO && is_terminal_master(fd)) break;
    if (n < 0) throw_errno("read", std::to_string(fd));
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

void write_full(int fd, std::span<const std::byte> bytes) {
  SigpipeBlocked no_signal;
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("write", std::to_string(fd));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

bool is_open(int fd) noexcept { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace cohort::os
