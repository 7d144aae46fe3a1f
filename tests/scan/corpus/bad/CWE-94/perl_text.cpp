// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start(const char* text) {
  execl("/usr/bin/perl", "perl", "-e", text, nullptr);  // BAD[interpreter-code]
  _exit(127);
}
