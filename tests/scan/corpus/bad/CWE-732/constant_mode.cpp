// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

constexpr mode_t kOpen = 0666;
bool share(const char* file) { return chmod(file, kOpen) == 0; }  // BAD[world-writable]
