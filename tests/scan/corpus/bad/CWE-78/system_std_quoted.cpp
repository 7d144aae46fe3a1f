// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <iomanip>
#include <sstream>
#include <string>

bool touch(const std::string& name) {
  std::ostringstream text;
  text << "/bin/touch " << std::quoted(name);
  return system(text.str().c_str()) == 0;  // BAD[shell-command]
}
