// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <cstring>

bool list(const char* folder) {
  char command[256] = "/bin/ls ";
  strncat(command, folder, sizeof command - strlen(command) - 1);
  return system(command) == 0;  // BAD[shell-command]
}
