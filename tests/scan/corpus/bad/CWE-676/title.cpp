// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

int main(int argc, char** argv) {
  if (argc > 1) strcpy(argv[0], argv[1]);  // BAD[dangerous-function]
  return 0;
}
