// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

FILE* list(const std::string& folder) {
  return popen(("/bin/ls " + folder).c_str(), "r");  // BAD[shell-command]
}
