// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

void prepare(const std::string& zone, const char* language) {
  setenv("TZ", zone.c_str(), 1);
  setenv("LC_ALL", language, 1);
}
