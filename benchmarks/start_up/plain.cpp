// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A C++ program that does nothing. It loads libstdc++, as every program does that would use Cohort.
#include <stdexcept>

int main(int argc, char**) {
  if (argc != 1) throw std::runtime_error("no arguments");
}
