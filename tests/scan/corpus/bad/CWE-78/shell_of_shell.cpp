// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void list(const std::string& folder) {
  using namespace cohort::subprocess;
  run(Shell{"sh -c {}", "ls " + folder});  // BAD[shell-misuse]
}
