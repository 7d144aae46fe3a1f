// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unistd.h>

void start(std::string command) {
  char shell[] = "sh";
  const char* words[] = {"/bin/sh", "-c", command.c_str(), nullptr};  // BAD[shell-exec]
  execv("/bin/sh", const_cast<char**>(words));
  _exit(shell[0]);
}
