// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <unistd.h>

void start(const char* name) {
  char file[32];
  if (snprintf(file, sizeof file, "%s", name) >= static_cast<int>(sizeof file)) return;
  execl("/bin/cat", "cat", file, nullptr);
}
