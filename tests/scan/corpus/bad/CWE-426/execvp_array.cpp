// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start() {
  const char* words[] = {"tar", "cf", "all.tar", nullptr};
  execvp(words[0], const_cast<char**>(words));  // BAD[relative-program]
  _exit(127);
}
