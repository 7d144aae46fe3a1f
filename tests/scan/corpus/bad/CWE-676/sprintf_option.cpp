// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <unistd.h>

void start(const char* folder) {
  char option[40];
  sprintf(option, "--root=%s", folder);  // BAD[dangerous-function]
  const char* words[] = {"/bin/server", option, nullptr};
  execv("/bin/server", const_cast<char**>(words));
}
