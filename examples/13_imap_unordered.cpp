// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Results as they are ready, of an input that never ends: it is drawn only a little ahead.
//
// Output (the squares in any order):
//
//   0
//   1
//   4
//   9
//   16
//   25
//   36
//   49
//   64
//   81
//   took 1000 of an endless input
#include <cohort/pool.hpp>
#include <iostream>
#include <ranges>

int square(int x) { return x * x; }

int main() {
  cohort::Pool pool({.processes = 4});
  for (int y : pool.imap_unordered<square>(std::views::iota(0, 10))) std::cout << y << std::endl;

  int taken = 0;
  for ([[maybe_unused]] int y :
       pool.imap_unordered<square>(std::views::iota(0) | std::views::transform([](int i) { return i % 100; })))
    if (++taken == 1000) break;
  std::cout << "took " << taken << " of an endless input" << std::endl;
}
