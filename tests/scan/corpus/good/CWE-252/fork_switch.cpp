// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

int start() {
  switch (fork()) {
    case -1: return -1;
    case 0: _exit(0);
    default: return 0;
  }
}
