// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <string>

void save(const std::string& text) {
  const auto path = std::filesystem::temp_directory_path() / "state.txt";
  std::ofstream out(path);  // BAD[temp-path]
  out << text;
}
