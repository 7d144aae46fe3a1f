// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void upload(const std::string& value) {
  cohort::subprocess::run({"/usr/bin/tool", "--api-key=" + value});  // BAD[secret-in-argv]
}
