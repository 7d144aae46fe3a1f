// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#define COMMAND "/bin/sync"
bool one() { return system(COMMAND) == 0; }
