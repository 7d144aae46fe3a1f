// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>

void save(const std::string& text) {
  std::ofstream out("/var/tmp/state");  // BAD[temp-path]
  out << text;
}
