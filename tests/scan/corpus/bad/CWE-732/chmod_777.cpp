// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

bool share(const char* file) {
  return chmod(file, 0777) == 0;  // BAD[world-writable]
}
