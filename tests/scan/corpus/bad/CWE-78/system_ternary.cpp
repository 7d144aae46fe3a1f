// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool show(const char* other) {
  return system(other != nullptr ? other : "/bin/true") == 0;  // BAD[shell-command]
}
