// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void check(int result);
void drop(uid_t user) {
  check(setuid(user));
  int result = seteuid(user);
  if (result == -1) _exit(1);
}
