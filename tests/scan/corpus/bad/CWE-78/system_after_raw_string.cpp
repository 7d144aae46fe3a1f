// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

const char* usage() { return R"(the "system" ( of a raw string)"; }
bool run_it(const char* text) { return system(text) == 0; }  // BAD[shell-command]
