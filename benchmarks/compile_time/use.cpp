// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A small program as users write them.
#include <cohort/cohort.hpp>

#include <string>
#include <vector>

int square(int x) { return x * x; }
void greet(std::string name) { name += "!"; }

int main() {
  cohort::Process process(cohort::fn<greet>, "bob");
  process.start();
  process.join();
  cohort::Pool pool(4);
  std::vector<int> squares = pool.map<square>(std::vector{1, 2, 3});
  auto later = pool.apply_async<square>(20);
  int sum = later.get();
  for (int y : pool.imap_unordered<square>(squares)) sum += y;
  return sum == 0;
}
