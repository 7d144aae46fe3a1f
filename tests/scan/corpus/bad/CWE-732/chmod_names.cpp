// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

bool share(int file) {
  return fchmod(file, S_IRUSR | S_IWUSR | S_IWOTH) == 0;  // BAD[world-writable]
}
