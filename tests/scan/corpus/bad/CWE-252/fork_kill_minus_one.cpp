// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <unistd.h>

void start_and_stop() {
  pid_t child = fork();  // BAD[fork-failure]
  if (child == 0) {
    pause();
    _exit(0);
  }
  kill(child, SIGTERM);
}
