// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

bool install(const char* file) {
  return chmod(file, 04755) == 0;  // BAD[world-writable]
}
