// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void touch(const std::string& name) {
  cohort::subprocess::Popen child({"bash", "-c", name});  // BAD[shell-exec]
  child.wait();
}
