// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) putenv(argv[i]);  // BAD[environment-path]
  return 0;
}
