// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#define FOLDER "/srv"
bool one() { return system("/bin/ls " FOLDER " >/dev/null") == 0; }
