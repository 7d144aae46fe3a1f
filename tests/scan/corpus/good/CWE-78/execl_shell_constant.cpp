// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start() {
  execl("/bin/sh", "sh", "-c", "ulimit -c 0; exec /bin/server", nullptr);
  _exit(127);
}
