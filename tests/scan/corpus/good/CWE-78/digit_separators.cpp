// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

int count() { return 1'000'000; }
int more() { return 0x1'F; }  // system('x')
