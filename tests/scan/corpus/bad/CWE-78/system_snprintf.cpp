// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

void ping(const char* host) {
  char command[128];
  snprintf(command, sizeof command, "/bin/ping -c 1 %s", host);
  if (::system(command) != 0) puts("no answer");  // BAD[shell-command]
}
