// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <sstream>
#include <string>

bool archive(const std::string& name) {
  std::ostringstream text;
  text << "/bin/tar cf /srv/all.tar " << name;
  return std::system(text.str().c_str()) == 0;  // BAD[shell-command]
}
