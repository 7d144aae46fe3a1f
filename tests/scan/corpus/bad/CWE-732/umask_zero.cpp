// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

void prepare() {
  umask(0);  // BAD[world-writable]
}
