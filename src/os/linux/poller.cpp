// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/poller.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>

#include "cohort/base/error.hpp"

namespace cohort::os {

namespace {

// poll(2) until ready or the deadline, whatever signals come.
int poll_until(pollfd* entries, std::size_t count, Deadline deadline) {
  while (true) {
    int ready = ::poll(entries, count, deadline.poll_timeout());
    if (ready > 0) return ready;
    if (ready < 0 && errno != EINTR) throw_errno("poll");
    if (deadline.expired()) return 0;
  }
}

}  // namespace

bool wait_readable(int fd, Deadline deadline) {
  pollfd entry{fd, POLLIN, 0};
  return poll_until(&entry, 1, deadline) > 0;
}

bool is_readable(int fd) noexcept {
  pollfd entry{fd, POLLIN, 0};
  int saved = errno;
  int ready = ::poll(&entry, 1, 0);
  errno = saved;
  return ready > 0;
}

std::vector<std::size_t> wait_any_readable(std::span<const int> fds, Deadline deadline) {
  std::vector<pollfd> entries;
  entries.reserve(fds.size());
  for (int fd : fds) entries.push_back({fd, POLLIN, 0});
  std::vector<std::size_t> ready;
  if (poll_until(entries.data(), entries.size(), deadline) == 0) return ready;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].revents != 0) ready.push_back(i);
  return ready;
}

Poller::Poller() : fd_(above_standard_streams(Fd(::epoll_create1(EPOLL_CLOEXEC)))) {
  if (!fd_) throw_errno("epoll_create1");
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
    for (int i = 0; i < ready; ++i) keys.push_back(events[i].data.u64);
    if (ready > 0 || deadline.expired()) return keys;
  }
}

}  // namespace cohort::os
