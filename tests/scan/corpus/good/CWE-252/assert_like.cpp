// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

void require(bool holds);
void enter(const char* folder) { require(chdir(folder) == 0); }
