// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void start(const char* folder) {
  if (folder != nullptr) ::chdir(folder);  // BAD[unchecked-result]
  execl("/bin/ls", "ls", nullptr);
}
