// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start(const char* argument) {
  const char* words[] = {"/bin/sh", "/opt/app/start.sh", argument, nullptr};
  execv("/bin/sh", const_cast<char**>(words));
  _exit(127);
}
