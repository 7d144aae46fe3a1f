// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool list() {
  return system("/bin/ls > /tmp/list.txt") == 0;  // BAD[temp-path]
}
