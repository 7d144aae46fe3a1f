// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <sstream>
#include <string>

#include "cohort/shlex.hpp"

bool one(const std::string& name) {
  std::ostringstream text;
  text << "/bin/touch " << cohort::shlex::quote(name);
  return system(text.str().c_str()) == 0;
}
