// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <unistd.h>

int start() {
  pid_t child = vfork();  // BAD[vfork-child]
  switch (child) {
    case -1: return -1;
    case 0:
      printf("child\n");
      _exit(0);
    default: return 0;
  }
}
