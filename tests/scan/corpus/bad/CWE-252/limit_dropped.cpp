// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <sys/resource.h>

void bound() {
  struct rlimit limit = {100, 100};
  setrlimit(RLIMIT_NOFILE, &limit);  // BAD[unchecked-result]
}
