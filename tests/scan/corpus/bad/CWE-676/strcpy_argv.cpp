// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <unistd.h>

void start(const char* name) {
  char file[32];
  strcpy(file, name);  // BAD[dangerous-function]
  execl("/bin/cat", "cat", file, nullptr);
}
