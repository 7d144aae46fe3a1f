// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#define START system
bool touch(const char* text) { return START(text) == 0; }  // BAD[shell-command]
