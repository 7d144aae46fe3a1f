// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unistd.h>

void start(const std::string& tokens_per_line, char** environment) {
  const char* words[] = {"/usr/bin/lex", "--tokens", tokens_per_line.c_str(), nullptr};
  execve("/usr/bin/lex", const_cast<char**>(words), environment);
}
