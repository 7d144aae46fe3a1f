// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The program of the README, with its results checked: 0 when the installed library works.
#include <cohort/cohort.hpp>
#include <cstdio>
#include <string>
#include <vector>

int square(int x) { return x * x; }
void greet(std::string name) { std::printf("hello %s\n", name.c_str()); }

int main() {
  cohort::Process process(greet, std::string("bob"));
  process.start();
  process.join();
  if (process.exitcode() != 0) return 1;
  cohort::Pool pool({.processes = 2});
  std::vector<int> squares = pool.map<square>(std::vector{1, 2, 3, 4, 5});
  return squares == std::vector{1, 4, 9, 16, 25} ? 0 : 2;
}
