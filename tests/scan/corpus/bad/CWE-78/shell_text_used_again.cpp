// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include "cohort/subprocess.hpp"

bool both(const std::string& a, const std::string& b) {
  cohort::subprocess::Shell first{"ls {}", a};
  return system((first.text() + " " + b).c_str()) == 0;  // BAD[shell-command]
}
