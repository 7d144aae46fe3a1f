// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

int remove_folder(const std::string& folder) {
  return std::system(("/bin/rm -rf " + folder).c_str());  // BAD[shell-command]
}
