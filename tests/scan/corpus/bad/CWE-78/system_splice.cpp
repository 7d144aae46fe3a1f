// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool touch(const char* command) {
  /* BAD[shell-command] */ return sys\
tem(command) == 0;  // a splice within the name
}
bool again(const char* command) { return system /* of libc */ (command) == 0; }  // BAD[shell-command]
