// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include "cohort/shlex.hpp"

bool search(const std::string& word) {
  // The quotes around the quoted word open it again.
  return system(("/bin/grep '" + cohort::shlex::quote(word) + "' /etc/hosts").c_str()) == 0;  // BAD[shell-command]
}
