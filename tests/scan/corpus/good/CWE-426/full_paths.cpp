// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <unistd.h>

bool list() { return system("cd /srv && /bin/ls | /usr/bin/sort") == 0; }
void start() {
  execl("/bin/ls", "ls", "-l", nullptr);
  execlp("/bin/ls", "ls", nullptr);
  _exit(127);
}
