// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool failed() {
  return system("/bin/false") == 1;  // BAD[wait-status]
}
