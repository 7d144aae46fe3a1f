// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unistd.h>

void start(const std::string& password_file) {
  execl("/usr/bin/tool", "tool", "--password-file", password_file.c_str(), nullptr);
  _exit(127);
}
