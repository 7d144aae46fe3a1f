// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <wordexp.h>

bool expand(const char* text, wordexp_t* words) {
  return wordexp(text, words, 0) == 0;  // BAD[shell-command]
}
