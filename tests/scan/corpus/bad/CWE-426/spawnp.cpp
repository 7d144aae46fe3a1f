// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <spawn.h>

bool start(char** words, char** environment) {
  pid_t child = 0;
  return posix_spawnp(&child, "server", nullptr, nullptr, words, environment) == 0;  // BAD[relative-program]
}
