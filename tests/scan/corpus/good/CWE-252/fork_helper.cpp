// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

pid_t checked(pid_t result);
void start() {
  pid_t child = checked(fork());
  if (child == 0) _exit(0);
}
