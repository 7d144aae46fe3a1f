// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace cohort::os {

namespace {

// FUTEX_WAIT_BITSET takes an absolute monotonic time, so a repeated wait does not grow.
long futex(const std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* until) {
  return ::syscall(SYS_futex, &word, operation, value, until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

FutexWait futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Deadline deadline) noexcept {
  int saved = errno;
  timespec until{};
  const timespec* limit = nullptr;
  if (!deadline.is_never()) {
    std::int64_t at = deadline.monotonic_nanoseconds();
    if (at < 0) at = 0;
    until.tv_sec = static_cast<time_t>(at / 1'000'000'000);
    until.tv_nsec = static_cast<long>(at % 1'000'000'000);
    limit = &until;
  }
  FutexWait result = FutexWait::woken;
  while (futex(word, FUTEX_WAIT_BITSET, expected, limit) != 0) {
    if (errno == EINTR) continue;
    if (errno == ETIMEDOUT) result = FutexWait::timed_out;
    if (errno == EAGAIN) result = FutexWait::changed;
    break;
  }
  errno = saved;
  return result;
}

int futex_wake(const std::atomic<std::uint32_t>& word, int count) noexcept {
  int saved = errno;
  long woken = ::syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0);
  errno = saved;
  return woken < 0 ? 0 : static_cast<int>(woken);
}

int futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept { return futex_wake(word, INT_MAX); }

}  // namespace cohort::os
