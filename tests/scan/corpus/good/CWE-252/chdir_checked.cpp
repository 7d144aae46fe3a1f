// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

bool enter(const char* folder) {
  if (chdir(folder) != 0) return false;
  return ::chdir("..") == 0;
}
