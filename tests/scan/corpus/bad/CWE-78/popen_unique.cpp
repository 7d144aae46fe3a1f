// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>

std::string output(const char* command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command, "r"), pclose);  // BAD[shell-command]
  char line[80];
  return pipe != nullptr && fgets(line, sizeof line, pipe.get()) != nullptr ? line : "";
}
