// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

void build(std::string& command, const std::string& name);
bool touch(const std::string& name) {
  std::string command = "/bin/touch ";
  build(command, name);
  return system(command.c_str()) == 0;  // BAD[shell-command]
}
