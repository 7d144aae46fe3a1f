// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <unistd.h>

void start() {
  char option[16];
  strcpy(option, "-l");
  execl("/bin/ls", "ls", option, nullptr);
}
