// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

void finish(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) _exit(1);
  exit(status);  // BAD[wait-status]
}
