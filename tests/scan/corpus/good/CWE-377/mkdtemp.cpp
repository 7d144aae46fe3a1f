// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>

FILE* make() {
  char name[] = "/tmp/jobXXXXXX";
  if (mkdtemp(name) == nullptr) return nullptr;
  return fopen((std::string(name) + "/log").c_str(), "w");
}
