// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void as_user(const std::string& user, const std::string& command) {
  cohort::subprocess::run({"/bin/su", user, "-c", command});  // BAD[shell-exec]
}
