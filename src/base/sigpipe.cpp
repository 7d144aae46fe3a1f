// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "base/sigpipe.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>

namespace cohort::os {

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

}  // namespace cohort::os
