// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

bool keep(const char* file, mode_t mode) { return chmod(file, mode & ~static_cast<mode_t>(0022)) == 0; }
