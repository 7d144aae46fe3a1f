// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#define TOOL "convert"
void start(const char* in) {
  execlp(TOOL, TOOL, in, nullptr);  // BAD[relative-program]
}
