// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

FILE* list() {
  return popen("/bin/cat /etc/hosts | sort", "r");  // BAD[relative-program]
}
