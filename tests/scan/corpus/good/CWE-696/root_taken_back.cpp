// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

bool change(gid_t group, uid_t user) {
  if (seteuid(0) != 0) return false;
  if (setgid(group) != 0) return false;
  return setuid(user) == 0;
}
