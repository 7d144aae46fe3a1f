// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <unistd.h>

bool drop(const char* name, uid_t user, gid_t group) {
  return initgroups(name, group) == 0 && setgid(group) == 0 && setuid(user) == 0;
}
