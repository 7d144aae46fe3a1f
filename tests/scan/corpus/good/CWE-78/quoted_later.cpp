// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include "cohort/shlex.hpp"

bool one(const std::string& from, const std::string& to) {
  using cohort::shlex::quote;
  std::string command = "/bin/cp ";
  command += quote(from);
  command += ' ';
  command += quote(to);
  return system(command.c_str()) == 0;
}
