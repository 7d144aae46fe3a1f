// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fcntl.h>

int make() { return open("/tmp/app.lock", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600); }
FILE* more() { return fopen("/tmp/app.lock", "wx"); }
