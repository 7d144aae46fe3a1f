// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

FILE* look(const char* user) {
  char text[100];
  snprintf(text, sizeof text, "/usr/bin/id %s", user);
  FILE* pipe = ::popen(text, "r");  // BAD[shell-command]
  return pipe;
}
