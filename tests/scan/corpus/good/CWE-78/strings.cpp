// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

const char* help() { return "use system(command) or popen(command, \"r\")"; }
const char* more() {
  return R"x(
  system(argv[1]);  )" still within
  execl("/bin/sh", "sh", "-c", argv[1]);
)x";
}
char quote() { return '"'; }  // system(x) "
const char* last() { return "\\"; }
