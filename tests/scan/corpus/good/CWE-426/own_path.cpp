// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool list() { return system("PATH=/usr/bin:/bin ls -l") == 0; }
