// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

extern "C" char* gets(char*);
void read_name() {
  char line[80];
  gets(line);  // BAD[dangerous-function]
}
