// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

std::string name() {
  char text[L_tmpnam];
  return std::tmpnam(text);  // BAD[temp-name]
}
