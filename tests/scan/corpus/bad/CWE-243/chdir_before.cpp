// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void jail() {
  if (chdir("/") != 0) _exit(1);
  if (chroot("/srv/jail") != 0) _exit(1);  // BAD[chroot-escape]
}
