// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

int make(const char* file) { return open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666); }
bool folder(const char* name) { return mkdir(name, 0755) == 0; }
