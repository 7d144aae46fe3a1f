// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void start(const std::string& secret) {
  using namespace cohort::subprocess;
  run(Shell{"/usr/bin/login --with {}", secret});  // BAD[secret-in-argv]
}
