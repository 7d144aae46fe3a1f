// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

bool one(int pid) {
  return system(("/bin/kill " + std::to_string(pid)).c_str()) == 0;
}
