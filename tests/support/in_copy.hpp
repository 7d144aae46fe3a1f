// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A copy of the test program for what would spoil the program itself: closed streams, lowered limits, other ids.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

namespace cohort::test {

/// What `body` returns in a forked copy of this process; minus the signal that killed the copy. The copy has a minute.
template <class Body>
int in_copy(Body body) {
  pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(60);
    ::_exit(body());
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace cohort::test
