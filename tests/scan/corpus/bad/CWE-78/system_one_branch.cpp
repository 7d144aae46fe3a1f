// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

bool show(const std::string& name, bool all) {
  std::string command = "/bin/ls";
  if (!all) command = "/bin/ls " + name;
  return std::system(command.c_str()) == 0;  // BAD[shell-command]
}
