// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc > 1) setenv("LD_PRELOAD", argv[1], 1);  // BAD[environment-path]
  return 0;
}
