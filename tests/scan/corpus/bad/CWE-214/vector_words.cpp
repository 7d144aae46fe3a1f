// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "cohort/subprocess.hpp"

void start(const std::string& passphrase) {
  std::vector<std::string> words = {"/usr/bin/gpg", "--batch"};
  words.push_back(passphrase);  // BAD[secret-in-argv]
  cohort::subprocess::run(words);
}
