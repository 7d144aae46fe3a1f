// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <wordexp.h>

bool one(const char* text, wordexp_t* words) { return wordexp(text, words, WRDE_NOCMD) == 0; }
