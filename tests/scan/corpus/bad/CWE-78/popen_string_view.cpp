// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>
#include <string_view>

FILE* look(std::string_view user) {
  return popen(std::string(user).c_str(), "r");  // BAD[shell-command]
}
