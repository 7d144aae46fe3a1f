// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void one(const std::string& name) {
  using namespace cohort::subprocess;
  run(Shell{"sh -c 'exec touch \"$1\"' sh {}", name});
}
