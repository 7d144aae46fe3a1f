// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fcntl.h>

int open_new() {
  char name[] = "/tmp/fileXXXXXX";
  return open(mktemp(name), O_RDWR | O_CREAT | O_EXCL, 0600);  // BAD[temp-name]
}
