// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

extern "C" int system(const char* command);
int popen_count = 0;
struct System { explicit System(const char*) {} };
void declare(const char* text) { System system(text); }
