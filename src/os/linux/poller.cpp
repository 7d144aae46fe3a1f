// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/poller.hpp"

#include <sys/epoll.h>

#include <cerrno>

#include "cohort/base/error.hpp"
#include "os/linux/poll.hpp"
#include "os/stream_io.hpp"

namespace cohort::os {

bool wait_readable(int fd, Deadline deadline) {
  pollfd entry{fd, POLLIN, 0};
  int ready = poll_until({&entry, 1}, deadline);
  if (ready < 0) throw_errno("ppoll");
  return ready > 0;
}

bool is_readable(int fd) noexcept {
  pollfd entry{fd, POLLIN, 0};
  int saved = errno;
  int ready = poll_until({&entry, 1}, Deadline::now());
  errno = saved;
  return ready > 0;
}

std::vector<std::size_t> wait_any_readable(std::span<const int> fds, Deadline deadline) {
  std::vector<pollfd> entries;
  entries.reserve(fds.size());
  for (int fd : fds) entries.push_back({fd, POLLIN, 0});
  std::vector<std::size_t> ready;
  int count = poll_until(entries, deadline);
  if (count < 0) throw_errno("ppoll");
  if (count == 0) return ready;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].revents != 0) ready.push_back(i);
  return ready;
}

namespace {
constexpr std::uint64_t kWoken = UINT64_MAX;
}

Poller::Poller()
    : readable_(above_standard_streams(make_eventfd())),
      fd_(above_standard_streams(Fd(::epoll_create1(EPOLL_CLOEXEC)))) {
  if (!fd_) throw_errno("epoll_create1");
  notify(readable_.get());
  epoll_event event{};
  event.data.u64 = kWoken;
  if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, readable_.get(), &event) != 0) throw_errno("epoll_ctl");
}

void Poller::wake() noexcept {
  int saved = errno;
  // Not a write to the eventfd: that number may be another file's by now, while the set knows the file.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLONESHOT;
  event.data.u64 = kWoken;
  ::epoll_ctl(fd_.get(), EPOLL_CTL_MOD, readable_.get(), &event);
  errno = saved;
}

void Poller::add(int fd, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("epoll_ctl");
}

void Poller::remove(int fd) noexcept {
  int saved = errno;
  epoll_event event{};
  ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, &event);
  errno = saved;
}

std::vector<std::uint64_t> Poller::wait(Deadline deadline) {
  epoll_event events[64];
  std::vector<std::uint64_t> keys;
  while (true) {
    int ready = ::epoll_wait(fd_.get(), events, 64, deadline.poll_timeout());
    if (ready < 0 && errno != EINTR) throw_errno("epoll_wait");
    for (int i = 0; i < ready; ++i)
      if (events[i].data.u64 != kWoken) keys.push_back(events[i].data.u64);
    if (ready > 0 || deadline.expired()) return keys;
  }
}

}  // namespace cohort::os
