// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <unistd.h>

void start(int port) {
  char option[32];
  sprintf(option, "--port=%d", port);
  execl("/bin/server", "server", option, nullptr);
}
