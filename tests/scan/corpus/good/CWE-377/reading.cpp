// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>
#include <string>

FILE* look() { return fopen("/tmp/input", "r"); }
void more(std::string& text) {
  std::ifstream in("/tmp/input");
  in >> text;
}
