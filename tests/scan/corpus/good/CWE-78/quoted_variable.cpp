// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include "cohort/shlex.hpp"

FILE* one(const std::string& name) {
  const std::string word = cohort::shlex::quote(name);
  const std::string command = "/bin/cat " + word + " | /usr/bin/sort";
  return popen(command.c_str(), "r");
}
