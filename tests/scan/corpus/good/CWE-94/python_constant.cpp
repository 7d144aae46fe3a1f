// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void one(const std::string& number) {
  cohort::subprocess::run({"/usr/bin/python3", "-c", "import sys; print(int(sys.argv[1]) + 1)", number});
}
