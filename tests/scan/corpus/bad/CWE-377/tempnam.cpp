// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>

std::string name() {
  char* text = tempnam("/tmp", "job");  // BAD[temp-name]
  std::string copy = text;
  free(text);
  return copy;
}
