// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc < 2) return 1;
  if (system(argv[1]) != 0) return 2;  // BAD[shell-command]
  return 0;
}
