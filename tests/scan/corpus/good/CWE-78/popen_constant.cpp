// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

FILE* one() { return popen("/bin/df -h", "r"); }
