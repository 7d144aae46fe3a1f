// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

bool one(bool all) {
  std::string command = "/bin/ls";
  if (all) command += " -a";
  command.append(" /srv");
  return system(command.c_str()) == 0;
}
