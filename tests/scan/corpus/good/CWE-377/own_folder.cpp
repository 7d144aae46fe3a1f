// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>

void save(const std::string& text) {
  std::ofstream out("/var/lib/app/state");
  out << text << "in /tmp/state there is nothing";
}
