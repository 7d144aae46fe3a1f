// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void list(const std::string& text) {
  cohort::subprocess::run(cohort::subprocess::Shell{"eval {}", text});  // BAD[shell-misuse]
}
