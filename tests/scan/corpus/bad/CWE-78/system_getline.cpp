// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <iostream>
#include <string>

void shell_loop() {
  std::string line;
  while (std::getline(std::cin, line)) {
    if (system(line.c_str()) != 0) std::cerr << "failed\n";  // BAD[shell-command]
  }
}
