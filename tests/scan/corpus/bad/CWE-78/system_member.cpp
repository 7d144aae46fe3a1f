// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

struct Job {
  std::string command;
  bool run() const { return system(command.c_str()) == 0; }  // BAD[shell-command]
};
