// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void jail(const char* folder) {
  if (chroot(folder) != 0 || chdir("/") != 0) _exit(1);
}
