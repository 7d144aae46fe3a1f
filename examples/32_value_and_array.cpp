// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A number and an array in memory that parent and child share.
//
// Output:
//
//   3.1415927
//   0 -1 -2 -3 -4 -5 -6 -7 -8 -9
//   the last three: -7 -8 -9
//   there is no item 10
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <ranges>

void f(cohort::Value<double> n, cohort::Array<int> a) {
  n.store(3.1415927);
  auto guard = a.lock();
  for (int& item : guard.span()) item = -item;
}

void print(const auto& items) {
  const char* separator = "";
  for (int item : items) {
    std::cout << separator << item;
    separator = " ";
  }
  std::cout << std::endl;
}

int main() {
  cohort::Value<double> num(0.0);
  cohort::Array<int> arr(std::views::iota(0, 10));

  cohort::Process p(f, num, arr);
  p.start();
  p.join();

  std::cout << std::setprecision(8) << num.load() << std::endl;
  print(arr);
  std::cout << "the last three: ";
  print(arr.slice(-3));
  try {
    arr[10] = 1;
  } catch (const cohort::IndexError&) { std::cout << "there is no item 10" << std::endl; }
}
