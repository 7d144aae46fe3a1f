// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

int start() {
  pid_t child = vfork();  // BAD[vfork-child]
  if (child < 0) return -1;
  if (child == 0) {
    execl("/bin/true", "true", nullptr);
    return 1;
  }
  return 0;
}
