// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

int load(const std::string& name) {
  auto system = [](const std::string& text) { return static_cast<int>(text.size()); };
  return system(name);
}
