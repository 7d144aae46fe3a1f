// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

void prepare(const char* folder) {
  static char text[256];
  snprintf(text, sizeof text, "PATH=%s:/bin", folder);
  putenv(text);  // BAD[environment-path]
}
