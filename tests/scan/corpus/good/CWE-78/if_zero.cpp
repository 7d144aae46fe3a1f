// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#if 0
int old(const char* text) { return system(text); }
#else
int old(const char*) { return 0; }
#endif
