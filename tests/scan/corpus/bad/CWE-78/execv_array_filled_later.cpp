// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start(const char* command) {
  const char* words[] = {"sh", "-c", nullptr, nullptr};
  words[2] = command;  // BAD[shell-exec]
  execv("/bin/sh", const_cast<char**>(words));
  _exit(127);
}
