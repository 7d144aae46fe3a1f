// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void one(const std::string& word, const std::string& file) {
  using namespace cohort::subprocess;
  run(Shell{"grep -c {} *.log | sort > {}", word, file});
  run(Shell{"df -h | grep sda1"});
}
