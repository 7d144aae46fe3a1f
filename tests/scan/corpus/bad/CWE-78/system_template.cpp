// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>
#include <vector>

template <class T>
bool run_all(const T& commands) {
  bool good = true;
  for (const auto& command : commands) good &= std::system(command.c_str()) == 0;  // BAD[shell-command]
  return good;
}
template bool run_all(const std::vector<std::string>&);
