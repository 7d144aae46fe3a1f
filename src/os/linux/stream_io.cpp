// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/stream_io.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort::os {

Transfer read_some(int fd, std::span<std::byte> buffer) {
  while (true) {
    ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n > 0) return {Transfer::State::moved, static_cast<std::size_t>(n)};
    if (n == 0) return {Transfer::State::ended, 0};
    if (errno == EAGAIN) return {Transfer::State::would_block, 0};
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

namespace {

sigset_t only_sigpipe() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

bool sigpipe_pending() noexcept {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

SigpipeBlocked::SigpipeBlocked() noexcept {
  sigset_t set = only_sigpipe();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &set, &before);
  was_blocked_ = sigismember(&before, SIGPIPE) == 1;
  // One that waited already is not ours to take.
  was_pending_ = was_blocked_ && sigpipe_pending();
}

SigpipeBlocked::~SigpipeBlocked() {
  int saved = errno;
  sigset_t set = only_sigpipe();
  if (!was_pending_ && sigpipe_pending()) {
    timespec none{};
    while (sigtimedwait(&set, nullptr, &none) < 0 && errno == EINTR) {}
  }
  if (!was_blocked_) pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  errno = saved;
}

std::size_t poll_items(std::span<PollItem> items, Deadline deadline) {
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
  }
  int ready;
  do {
    auto left = deadline.remaining();
    timespec time{};
    if (left) {
      time.tv_sec = static_cast<time_t>(left->count() / 1'000'000'000);
      time.tv_nsec = static_cast<long>(left->count() % 1'000'000'000);
    }
    ready = ::ppoll(set.data(), set.size(), left ? &time : nullptr, nullptr);
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) throw_errno("ppoll");
  for (std::size_t i = 0; i < items.size(); ++i) {
    if ((set[i].revents & POLLNVAL) != 0) throw OsError(EBADF, "ppoll", std::to_string(items[i].fd));
    items[i].ready = set[i].revents != 0;
  }
  return static_cast<std::size_t>(ready);
}

std::optional<std::size_t> pipe_size(int fd) noexcept {
  int size = ::fcntl(fd, F_GETPIPE_SZ);
  return size < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(size));
}

bool set_pipe_size(int fd, std::size_t bytes) noexcept {
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
