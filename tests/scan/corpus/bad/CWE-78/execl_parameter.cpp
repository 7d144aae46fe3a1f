// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start(const char* command) {
  execl("/bin/bash", "bash", "-lc", command, static_cast<char*>(nullptr));  // BAD[shell-exec]
  _exit(127);
}
