// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <unistd.h>

int start() {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) _exit(0);
  return 0;
}
