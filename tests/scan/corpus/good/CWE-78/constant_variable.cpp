// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

constexpr const char* kCommand = "/bin/sync";
static const std::string kOther = std::string("/bin/ls ") + "/srv";
bool both() { return system(kCommand) == 0 && std::system(kOther.c_str()) == 0; }
