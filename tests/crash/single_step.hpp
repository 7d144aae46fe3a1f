// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a child after so many single instructions of an operation.
#pragma once

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/shm_support.hpp"

namespace cohort::testing {

/// Runs `prepare`, then `operation` in a child for `steps` instructions, then kills it. Returns false when the operation
/// had ended by then.
template <class Prepare, class Operation>
bool kill_after(long steps, Prepare&& prepare, Operation&& operation) {
  pid_t child = shm::testing::fork_child([&] {
    prepare();
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    operation();
    ::raise(SIGSTOP);
  });
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) return false;
  bool ended = false;
  for (long i = 0; i < steps && !ended; ++i) {
    ::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
    ::waitpid(child, &status, 0);
    ended = !WIFSTOPPED(status) || WSTOPSIG(status) == SIGSTOP;
  }
  ::kill(child, SIGKILL);
  if (WIFSTOPPED(status)) ::waitpid(child, &status, 0);
  return !ended;
}

inline bool may_trace() {
  pid_t child = shm::testing::fork_child([] {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  });
  int status = shm::testing::wait_for(child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace cohort::testing
