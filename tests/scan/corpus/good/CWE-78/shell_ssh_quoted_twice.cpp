// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "cohort/shlex.hpp"
#include "cohort/subprocess.hpp"

void one(const std::string& host, const std::vector<std::string>& words) {
  using namespace cohort::subprocess;
  run(Shell{"ssh {} {}", host, cohort::shlex::join(words)});
}
