// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cohort/subprocess.hpp"

std::string look(const std::string& text) {
  using cohort::subprocess::Shell;
  return cohort::subprocess::getoutput(Shell("true; sudo bash -c {}", text));  // BAD[shell-misuse]
}
