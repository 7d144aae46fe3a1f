// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <map>
#include <string>

void load(const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) setenv(name.c_str(), value.c_str(), 1);  // BAD[environment-path]
}
