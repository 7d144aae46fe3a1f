// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <unistd.h>

int start() {
  int error = 0;
  pid_t child = vfork();  // BAD[vfork-child]
  if (child == 0) {
    execl("/bin/true", "true", nullptr);
    error = errno;
    _exit(127);
  }
  return child < 0 ? errno : error;
}
