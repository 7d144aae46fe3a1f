// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

bool list() {
  const std::string command = "cd /srv && make all";
  return std::system(command.c_str()) == 0;  // BAD[relative-program]
}
