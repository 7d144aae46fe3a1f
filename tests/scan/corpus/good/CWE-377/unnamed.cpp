// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fcntl.h>

int make() { return open("/tmp", O_RDWR | O_TMPFILE, 0600); }
FILE* more() { return std::tmpfile(); }
