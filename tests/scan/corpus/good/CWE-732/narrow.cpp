// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

bool keep(const char* file) { return chmod(file, 0640) == 0 && chmod(file, S_IRUSR | S_IWUSR | S_IROTH) == 0; }
