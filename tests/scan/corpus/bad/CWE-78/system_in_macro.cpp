// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#define RUN_TEXT(text) (system((text).c_str()) == 0)
bool touch(const std::string& name) { return RUN_TEXT("/bin/touch " + name); }  // BAD[shell-command]
