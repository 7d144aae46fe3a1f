// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool developer(const char* text) {
  return system(text) == 0;  // cohort-scan: ignore[shell-command] the developer's own text, from a file of the repository
}
bool again(const char* text) {
  // cohort-scan: ignore[shell-command] the same
  return system(text) == 0;
}
