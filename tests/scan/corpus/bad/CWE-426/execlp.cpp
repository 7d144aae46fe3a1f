// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start() {
  execlp("ls", "ls", "-l", nullptr);  // BAD[relative-program]
  _exit(127);
}
