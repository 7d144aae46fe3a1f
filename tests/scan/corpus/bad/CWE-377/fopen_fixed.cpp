// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

FILE* log_file() {
  return fopen("/tmp/app.log", "a");  // BAD[temp-path]
}
