// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <spawn.h>
#include <string>

bool start(const std::string& command, char** environment) {
  pid_t child = 0;
  const char* words[] = {"sh", "-c", command.c_str(), nullptr};  // BAD[shell-exec]
  return posix_spawn(&child, "/bin/sh", nullptr, nullptr, const_cast<char**>(words), environment) == 0;
}
