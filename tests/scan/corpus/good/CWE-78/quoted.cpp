// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include "cohort/shlex.hpp"

bool one(const std::string& name) {
  return std::system(("/bin/touch " + cohort::shlex::quote(name)).c_str()) == 0;
}
