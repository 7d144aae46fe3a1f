// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void drop(uid_t user) {
  setuid(user);  // BAD[unchecked-privilege]
}
