// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start(const char* user) {
  execl("/usr/bin/tool", "tool", "--no-password", user, nullptr);
}
