// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

void prepare() {
  const char* old = getenv("PATH");
  std::string path = "/opt/app/bin:";
  path += old;
  setenv("PATH", path.c_str(), 1);
}
