// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void list(const std::string& host, const std::string& folder) {
  cohort::subprocess::run({"/usr/bin/ssh", host, "ls -l " + folder});  // BAD[shell-exec]
}
