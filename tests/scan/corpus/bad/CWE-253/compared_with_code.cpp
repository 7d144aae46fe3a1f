// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

bool missing(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status == 127;  // BAD[wait-status]
}
