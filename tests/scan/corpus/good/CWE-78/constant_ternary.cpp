// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

bool one(bool all) { return system(all ? "/bin/ls -a" : "/bin/ls") == 0; }
