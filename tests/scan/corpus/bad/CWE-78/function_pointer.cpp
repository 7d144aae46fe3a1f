// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool indirect(const char* text) {
  int (*runner)(const char*) = &std::system;
  return runner(text) == 0;  // BAD[shell-command]
}
