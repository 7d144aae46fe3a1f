// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <unistd.h>

void drop(uid_t user, gid_t group) {
  ::setgroups(0, nullptr);  // BAD[unchecked-privilege]
  if (setgid(group) != 0 || setuid(user) != 0) _exit(1);
}
