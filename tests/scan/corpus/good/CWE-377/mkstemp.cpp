// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

int make() {
  char name[] = "/tmp/fileXXXXXX";
  return mkstemp(name);
}
