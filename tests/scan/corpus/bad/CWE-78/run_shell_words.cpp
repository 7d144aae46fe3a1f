// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

int touch(const std::string& name) {
  auto done = cohort::subprocess::run({"sh", "-c", "touch " + name});  // BAD[shell-exec]
  return done.returncode();
}
