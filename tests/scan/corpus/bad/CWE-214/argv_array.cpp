// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start(const char* access_token, char** environment) {
  const char* words[] = {"/usr/bin/tool", "--auth", access_token, nullptr};  // BAD[secret-in-argv]
  execve("/usr/bin/tool", const_cast<char**>(words), environment);
  _exit(127);
}
