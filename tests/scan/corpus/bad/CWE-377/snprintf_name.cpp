// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

FILE* make(int number) {
  char name[64];
  snprintf(name, sizeof name, "/tmp/job-%d", number);
  return fopen(name, "w");  // BAD[temp-path]
}
