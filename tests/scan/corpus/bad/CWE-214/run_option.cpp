// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void upload(const std::string& pin) {
  cohort::subprocess::run({"/usr/bin/curl", "--password", pin, "https://example.org"});  // BAD[secret-in-argv]
}
