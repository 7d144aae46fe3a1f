// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void drop(gid_t group) {
  (void)setgid(group);  // BAD[unchecked-privilege]
}
