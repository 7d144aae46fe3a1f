// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#ifdef USE_SLOW
bool run_it(const char* text) {
#else
bool run_it(const char* text, int) {
#endif
  if (text == nullptr) return false;
  return system(text) == 0;  // BAD[shell-command]
}
