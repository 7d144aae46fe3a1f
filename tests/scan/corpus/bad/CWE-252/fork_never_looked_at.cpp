// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start() {
  pid_t child = fork();  // BAD[unchecked-result]
  pause();
}
