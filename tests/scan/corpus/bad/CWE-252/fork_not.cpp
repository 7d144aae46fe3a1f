// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start() {
  if (!fork()) _exit(0);  // BAD[fork-failure]
}
