// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void drop(uid_t user, bool back) {
  if (back)
    seteuid(0);  // BAD[unchecked-privilege]
  else
    seteuid(user);  // BAD[unchecked-privilege]
}
