// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A number that processes share. Each operation on it is atomic; a guard makes several of them one.
//
// Output (the children in any order):
//
//   child: 1
//   child: 2
//   child: 3
//   after 4 x 10000 increments: 40003
//   after 4 x 100 doublings and halvings: 40003
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <iostream>
#include <vector>

void count_one(cohort::Value<int> num) {
  int mine = num += 1;
  std::cout << "child: " << mine << std::endl;
}

void count_many(cohort::Value<int> num) {
  for (int i = 0; i < 10'000; ++i) num += 1;
}

void change_and_change_back(cohort::Value<int> num) {
  for (int i = 0; i < 100; ++i) {
    auto guard = num.lock();
    *guard *= 2;
    *guard /= 2;
  }
}

void run(int processes, void (*function)(cohort::Value<int>), const cohort::Value<int>& num) {
  std::vector<cohort::Process> children;
  for (int i = 0; i < processes; ++i) children.emplace_back(function, num);
  for (cohort::Process& p : children) p.start();
  for (cohort::Process& p : children) p.join();
}

int main() {
  cohort::Value<int> num(0);
  run(3, count_one, num);
  run(4, count_many, num);
  std::cout << "after 4 x 10000 increments: " << num.load() << std::endl;
  run(4, change_and_change_back, num);
  std::cout << "after 4 x 100 doublings and halvings: " << num.load() << std::endl;
}
