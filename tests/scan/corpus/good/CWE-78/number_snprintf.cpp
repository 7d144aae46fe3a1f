// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

bool one(pid_t pid) {
  char command[64];
  snprintf(command, sizeof command, "/bin/kill -%d %ld", 15, static_cast<long>(pid));
  return system(command) == 0;
}
