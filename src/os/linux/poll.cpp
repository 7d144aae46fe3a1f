// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// ppoll refuses more entries than RLIMIT_NOFILE has (EINVAL), be they distinct, skipped or open at all; and a limit may
// be lowered below what is open, down to nothing. select(2) knows no such limit: the kernel takes sets of any length.
// The C library's fd_set ends at 1024, so the sets are ours and the call is raw.
#include "os/linux/poll.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <memory>

namespace cohort::os {

namespace {

struct Free {
  void operator()(unsigned long* words) const noexcept { std::free(words); }
};

constexpr std::size_t kBits = sizeof(unsigned long) * CHAR_BIT;

bool has(const unsigned long* set, int fd) noexcept {
  auto bit = static_cast<std::size_t>(fd);
  return ((set[bit / kBits] >> (bit % kBits)) & 1) != 0;
}

void add(unsigned long* set, int fd) noexcept {
  auto bit = static_cast<std::size_t>(fd);
  set[bit / kBits] |= 1UL << (bit % kBits);
}

// select refuses the whole set for one descriptor that is closed, or overlooks it where its number is high; poll says
// which.
int mark_closed(std::span<pollfd> entries) noexcept {
  int count = 0;
  for (pollfd& entry : entries) {
    if (entry.fd < 0 || ::fcntl(entry.fd, F_GETFD) >= 0) continue;
    entry.revents = POLLNVAL;
    ++count;
  }
  return count;
}

int select_once(std::span<pollfd> entries, const timespec* time) noexcept {
  int last = -1;
  for (pollfd& entry : entries) {
    entry.revents = 0;
    last = std::max(last, entry.fd);
  }
  const int closed = mark_closed(entries);
  const std::size_t words = static_cast<std::size_t>(last + 1) / kBits + 1;
  std::unique_ptr<unsigned long[], Free> sets(
      static_cast<unsigned long*>(std::calloc(2 * words, sizeof(unsigned long))));
  if (!sets) {
    errno = ENOMEM;
    return -1;
  }
  unsigned long* const readable = sets.get();
  unsigned long* const writable = readable + words;
  for (const pollfd& entry : entries) {
    if (entry.fd < 0 || entry.revents != 0) continue;
    if ((entry.events & POLLIN) != 0) add(readable, entry.fd);
    if ((entry.events & POLLOUT) != 0) add(writable, entry.fd);
  }
  timespec left = time != nullptr && closed == 0 ? *time : timespec{};  // the kernel writes the rest of the time back
  const bool bounded = time != nullptr || closed != 0;
  long ready = ::syscall(SYS_pselect6, last + 1, readable, writable, nullptr, bounded ? &left : nullptr, nullptr);
  if (ready < 0) {
    if (errno == EBADF) errno = EINTR;  // one was closed meanwhile: look once more
    return -1;
  }
  int count = closed;
  for (pollfd& entry : entries) {
    if (ready == 0 || entry.fd < 0 || entry.revents != 0) continue;
    if ((entry.events & POLLIN) != 0 && has(readable, entry.fd)) entry.revents |= POLLIN;
    if ((entry.events & POLLOUT) != 0 && has(writable, entry.fd)) entry.revents |= POLLOUT;
    if (entry.revents != 0) ++count;
  }
  return count;
}

}  // namespace

int poll_until(std::span<pollfd> entries, Deadline deadline) noexcept {
  bool refused = false;
  while (true) {
    auto left = deadline.remaining();
    timespec time{};
    if (left) {
      time.tv_sec = static_cast<time_t>(left->count() / 1'000'000'000);
      time.tv_nsec = static_cast<long>(left->count() % 1'000'000'000);
    }
    const timespec* until = left ? &time : nullptr;
    int ready = refused ? select_once(entries, until) : ::ppoll(entries.data(), entries.size(), until, nullptr);
    if (ready >= 0) return ready;
    if (errno == EINVAL && !refused) {
      refused = true;
    } else if (errno != EINTR) {
      return -1;
    }
  }
}

}  // namespace cohort::os
