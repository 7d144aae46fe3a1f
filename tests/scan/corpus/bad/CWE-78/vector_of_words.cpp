// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

std::vector<std::string> words_for(const std::string& command) {
  std::vector<std::string> words;
  words.push_back("/bin/sh");
  words.push_back("-c");
  words.push_back("exec " + command);  // BAD[shell-exec]
  return words;
}
