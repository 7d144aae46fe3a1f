// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

void prepare(const std::string& folder) {
  setenv("PATH", folder.c_str(), 1);  // BAD[environment-path]
}
