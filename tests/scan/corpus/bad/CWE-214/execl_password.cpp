// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unistd.h>

void start(const std::string& password) {
  execl("/usr/bin/mysql", "mysql", ("-p" + password).c_str(), nullptr);  // BAD[secret-in-argv]
  _exit(127);
}
