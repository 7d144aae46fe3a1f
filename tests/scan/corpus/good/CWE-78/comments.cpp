// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

// Never call system(command) here, nor popen(command, "r").
/* system(argv[1]);
   execl("/bin/sh", "sh", "-c", argv[1], nullptr); */
int nothing() { return 0; }  // system(text)
// A comment that goes on \
system(command);
int more() { return 1; }
