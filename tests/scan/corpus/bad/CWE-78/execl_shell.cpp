// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unistd.h>

void start(const std::string& name) {
  execl("/bin/sh", "sh", "-c", ("/bin/cat " + name).c_str(), nullptr);  // BAD[shell-exec]
  _exit(127);
}
