// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

int make(int* ends) {
  pipe(ends);  // BAD[unchecked-result]
  return ends[0];
}
