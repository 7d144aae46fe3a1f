// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

bool convert(const std::string& in, const std::string& out) {
  std::string command = "/usr/bin/convert ";
  command += in;
  command.append(" ");
  command.append(out);
  return system(command.data()) == 0;  // BAD[shell-command]
}
