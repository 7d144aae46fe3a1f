// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

bool drop(uid_t user, gid_t group) {
  if (setuid(user) != 0) return false;
  return setgid(group) == 0;  // BAD[privilege-order]
}
