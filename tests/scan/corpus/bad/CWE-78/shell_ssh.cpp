// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void list(const std::string& host, const std::string& folder) {
  using namespace cohort::subprocess;
  run(Shell{"ssh -p 2222 {} ls {}", host, folder});  // BAD[shell-misuse]
}
