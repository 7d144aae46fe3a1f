// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <cstring>

bool list(const char* folder) {
  char command[64] = "/bin/ls ";
  std::strcat(command, folder);  // BAD[dangerous-function]
  return system(command) == 0;  // BAD[shell-command]
}
