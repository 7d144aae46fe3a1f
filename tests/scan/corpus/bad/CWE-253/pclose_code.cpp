// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

int close_it(FILE* pipe) {
  int exit_code = pclose(pipe);  // BAD[wait-status]
  return exit_code;
}
