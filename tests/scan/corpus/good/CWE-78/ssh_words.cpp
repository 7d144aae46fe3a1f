// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

void one(const std::string& host) {
  cohort::subprocess::run({"/usr/bin/ssh", "-p", "2222", host, "uptime"});
}
