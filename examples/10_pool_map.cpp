// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A pool of workers that calls a function for each item; results come in the order of the items.
//
// Output:
//
//     1  4  9  16  25
//     1  16  243  4096  78125
//     1  2  3  4  5
#include <cohort/pool.hpp>
#include <iostream>
#include <ranges>
#include <tuple>
#include <vector>

int square(int x) { return x * x; }

int power(int x, int y) {
  int result = 1;
  while (y-- > 0) result *= x;
  return result;
}

void print(const std::vector<int>& numbers) {
  for (int n : numbers) std::cout << "  " << n;
  std::cout << std::endl;
}

int main() {
  cohort::Pool pool(4);
  print(pool.map<square>(std::vector{1, 2, 3, 4, 5}));
  print(pool.starmap<power>(std::vector<std::tuple<int, int>>{{1, 3}, {2, 4}, {3, 5}, {4, 6}, {5, 7}}));
  print(pool.map([](int x) { return x + 1; }, std::views::iota(0, 5)));
}
