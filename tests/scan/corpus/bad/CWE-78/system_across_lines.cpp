// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

bool touch(const std::string& name) {
  return std::
      system(  // BAD[shell-command]
          ("/bin/touch " + name).c_str()) == 0;
}
