// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

pid_t start() { return fork(); }
pid_t more() {
  pid_t child = fork();
  return child;
}
