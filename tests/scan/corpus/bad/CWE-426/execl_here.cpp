// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start() {
  execl("./helper", "helper", nullptr);  // BAD[relative-program]
  _exit(127);
}
