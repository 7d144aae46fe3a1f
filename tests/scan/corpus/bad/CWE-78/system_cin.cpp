// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <iostream>
#include <string>

bool once() {
  std::string word;
  std::cin >> word;
  return system(word.c_str()) == 0;  // BAD[shell-command]
}
