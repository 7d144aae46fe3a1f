// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

char* name(char* text) { return ::tmpnam_r(text); }  // BAD[temp-name]
