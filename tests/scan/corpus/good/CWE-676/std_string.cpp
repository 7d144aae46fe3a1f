// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unistd.h>

void start(const std::string& folder) {
  const std::string option = "--root=" + folder;
  execl("/bin/server", "server", option.c_str(), nullptr);
}
