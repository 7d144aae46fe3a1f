// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/stream_io.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/linux/poll.hpp"

namespace cohort::os {

bool is_terminal_master(int fd) noexcept {
  unsigned number = 0;
  int saved = errno;
  bool is_master = ::ioctl(fd, TIOCGPTN, &number) == 0;
  errno = saved;
  return is_master;
}

Transfer read_some(int fd, std::span<std::byte> buffer) {
  while (true) {
    ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n > 0) return {Transfer::State::moved, static_cast<std::size_t>(n)};
    if (n == 0) return {Transfer::State::ended, 0};
    if (errno == EAGAIN) return {Transfer::State::would_block, 0};
    if (errno == EIO && is_terminal_master(fd)) return {Transfer::State::ended, 0};
    if (errno != EINTR) throw_errno("read", std::to_string(fd));
  }
}

Transfer write_some(int fd, std::span<const std::byte> bytes) {
  while (true) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) return {Transfer::State::moved, static_cast<std::size_t>(n)};
    if (errno == EAGAIN) return {Transfer::State::would_block, 0};
    if (errno == EPIPE || errno == ECONNRESET) return {Transfer::State::ended, 0};
    if (errno != EINTR) throw_errno("write", std::to_string(fd));
  }
}

Transfer write_now(int fd, std::span<const std::byte> bytes) {
  SigpipeBlocked no_signal;
  struct stat info{};
  if (::fstat(fd, &info) != 0) throw_errno("fstat", std::to_string(fd));
  if (S_ISREG(info.st_mode) || S_ISBLK(info.st_mode)) return write_some(fd, bytes);  // disks are waited for
  const iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  while (true) {
    // Pipes know the flag since Linux 5.10 or so; terminals and older kernels do not.
    ssize_t n = ::pwritev2(fd, &part, 1, -1, RWF_NOWAIT);
    if (n >= 0) return {Transfer::State::moved, static_cast<std::size_t>(n)};
    if (errno == EAGAIN) return {Transfer::State::would_block, 0};
    if (errno == EPIPE || errno == ECONNRESET) return {Transfer::State::ended, 0};
    if (errno != EINTR) break;
  }
  pollfd entry{fd, POLLOUT, 0};
  if (poll_until({&entry, 1}, Deadline::now()) == 0) return {Transfer::State::would_block, 0};
  return write_some(fd, bytes.first(std::min(bytes.size(), kPipePiece)));
}

Transfer read_pipe_now(int fd, std::span<std::byte> buffer) {
  const iovec part{buffer.data(), buffer.size()};
  while (true) {
    ssize_t n = ::preadv2(fd, &part, 1, -1, RWF_NOWAIT);
    if (n > 0) return {Transfer::State::moved, static_cast<std::size_t>(n)};
    if (n == 0) return {Transfer::State::ended, 0};
    if (errno == EAGAIN) return {Transfer::State::would_block, 0};
    if (errno != EINTR) break;
  }
  // A kernel that does not know the flag for pipes; whatever else it was, read(2) says it again.
  pollfd entry{fd, POLLIN, 0};
  if (poll_until({&entry, 1}, Deadline::now()) == 0) return {Transfer::State::would_block, 0};
  return read_some(fd, buffer);
}

bool is_pipe(int fd) noexcept {
  struct stat info{};
  return ::fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode);
}

std::size_t poll_each(std::span<PollItem> items, Deadline deadline) {
  std::array<pollfd, 8> few;
  std::vector<pollfd> many;
  std::span<pollfd> set(few.data(), items.size() <= few.size() ? items.size() : 0);
  if (items.size() > few.size()) {
    many.resize(items.size());
    set = many;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    set[i] = {items[i].fd, static_cast<short>(items[i].for_write ? POLLOUT : POLLIN), 0};
    items[i].ready = false;
    items[i].closed = false;
  }
  int ready = poll_until(set, deadline);
  if (ready < 0) throw_errno("ppoll");
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].ready = set[i].revents != 0;
    items[i].closed = (set[i].revents & POLLNVAL) != 0;
  }
  return static_cast<std::size_t>(ready);
}

std::size_t poll_items(std::span<PollItem> items, Deadline deadline) {
  std::size_t ready = poll_each(items, deadline);
  for (const PollItem& item : items) {
    if (item.closed) throw OsError(EBADF, "ppoll", std::to_string(item.fd));
  }
  return ready;
}

bool set_pipe_size(int fd, std::size_t bytes) noexcept {
  if (bytes > INT_MAX) {
    errno = EINVAL;
    return false;
  }
  return ::fcntl(fd, F_SETPIPE_SZ, static_cast<int>(bytes)) >= 0;
}

void prefer_large_pages(void* start, std::size_t bytes) noexcept {
  constexpr std::uintptr_t kPage = 4096;
  auto first = (reinterpret_cast<std::uintptr_t>(start) + kPage - 1) & ~(kPage - 1);
  auto last = (reinterpret_cast<std::uintptr_t>(start) + bytes) & ~(kPage - 1);
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

void notify(int eventfd) noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is full: then it is readable already.
  [[maybe_unused]] ssize_t written = ::write(eventfd, &one, sizeof one);
}

void take_notifications(int eventfd) noexcept {
  std::uint64_t count;
  [[maybe_unused]] ssize_t taken = ::read(eventfd, &count, sizeof count);
}

}  // namespace cohort::os
