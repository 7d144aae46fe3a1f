// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <string>
#include <unistd.h>

int lock_file() {
  std::string path = "/tmp/app." + std::to_string(getpid());
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);  // BAD[temp-path]
}
