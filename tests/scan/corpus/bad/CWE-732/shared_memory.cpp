// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>

int make() {
  return shm_open("/state", O_RDWR | O_CREAT | O_EXCL, 0666);  // BAD[world-writable]
}
