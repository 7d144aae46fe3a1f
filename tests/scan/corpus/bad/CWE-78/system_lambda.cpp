// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

auto maker(const std::string& folder) {
  return [folder] { return std::system(("/bin/ls " + folder).c_str()); };  // BAD[shell-command]
}
