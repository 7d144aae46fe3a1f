// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>
#include <vector>

#include "cohort/shlex.hpp"

bool one(const std::vector<std::string>& words) {
  return system(("/bin/echo " + cohort::shlex::join(words)).c_str()) == 0;
}
