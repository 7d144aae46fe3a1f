// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

bool remove_file(const std::string& name) {
  return system(("/bin/rm '" + name + "'").c_str()) == 0;  // BAD[shell-command]
}
