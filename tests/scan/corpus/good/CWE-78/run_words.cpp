// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void one(const std::string& name) {
  cohort::subprocess::run({"touch", name});
  cohort::subprocess::check_call({"/bin/ls", "-l", name});
}
