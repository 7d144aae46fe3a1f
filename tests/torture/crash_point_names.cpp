// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Prints the name of every crash point in the library, one a line.
#include <cstdio>

#include "base/crash_point.hpp"

int main() {
  for (const auto& name : cohort::crash_points()) std::printf("%s\n", name.c_str());
}
