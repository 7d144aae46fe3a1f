// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void compute(const std::string& formula) {
  cohort::subprocess::run({"/usr/bin/python3", "-c", "print(" + formula + ")"});  // BAD[interpreter-code]
}
