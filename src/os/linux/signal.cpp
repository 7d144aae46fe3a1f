// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/signal.hpp"

#include <pthread.h>
#include <sys/signalfd.h>

#include <cerrno>

#include "cohort/base/error.hpp"

namespace cohort::os {

BlockSignals::BlockSignals() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &previous_);
}

BlockSignals::~BlockSignals() { ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

void reset_signal_handlers() noexcept {
  int saved = errno;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action{};
    if (::sigaction(number, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;
    ::sigaction(number, &action, nullptr);
  }
  errno = saved;
}

sigset_t signal_mask() noexcept {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

std::vector<int> blocked_signals() {
  const sigset_t mask = signal_mask();
  std::vector<int> numbers;
  for (int number = 1; number < NSIG; ++number) {
    if (::sigismember(&mask, number) == 1) numbers.push_back(number);
  }
  return numbers;
}

void ignore_signal(int number) noexcept {
  struct sigaction action{};
  action.sa_handler = SIG_IGN;
  ::sigaction(number, &action, nullptr);
}

bool is_ignored(int number) noexcept {
  struct sigaction action{};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void block_signals(std::initializer_list<int> numbers) noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  for (int number : numbers) ::sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void default_signal(int number) noexcept {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  ::sigaction(number, &action, nullptr);
}

Fd child_ended_fd() {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &child, nullptr);
  int fd = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) throw_errno("signalfd");
  return above_standard_streams(Fd(fd));
}

}  // namespace cohort::os
