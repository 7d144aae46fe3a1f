// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

int close_it(FILE* pipe) {
  const int wait_status = pclose(pipe);
  return wait_status;
}
