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
void produce(cohort::Queue<int> numbers) { numbers.put(42); }

int main() {
  cohort::Process process(greet, std::string("bob"));
  process.start();
  process.join();
  if (process.exitcode() != 0) return 1;
  cohort::Pool pool({.processes = 2});
  std::vector<int> squares = pool.map<square>(std::vector{1, 2, 3, 4, 5});
  if (squares != std::vector{1, 4, 9, 16, 25}) return 2;
  cohort::Queue<int> numbers;
  cohort::Process producer(produce, numbers);
  producer.start();
  producer.join();
  return numbers.get() == 42 ? 0 : 3;
}
