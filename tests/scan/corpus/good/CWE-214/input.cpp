// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void start(const std::string& password) {
  cohort::subprocess::run({"/usr/bin/tool", "--password-stdin"}, {.input = password});
}
