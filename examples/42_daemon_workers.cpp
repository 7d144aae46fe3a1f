// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Workers that take jobs from one queue and put results on another. They are daemons: nobody has to tell them that work
// is over.
//
// Output:
//
//   10 results, their sum is 385
//   main ends, and the workers with it
#include <cohort/process.hpp>
#include <cohort/queue.hpp>
#include <iostream>
#include <ranges>
#include <vector>

void work(cohort::Queue<int> jobs, cohort::Queue<int> results) {
  for (;;) {
    int n = jobs.get();
    results.put(n * n);
  }
}

int main() {
  cohort::Queue<int> jobs;
  cohort::Queue<int> results;
  std::vector<cohort::Process> workers;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back(cohort::ProcessOptions{.daemon = true}, work, jobs, results);
    workers.back().start();
  }

  jobs.put_many(std::views::iota(1, 11));
  int sum = 0;
  for (int i = 0; i < 10; ++i) sum += results.get();
  std::cout << "10 results, their sum is " << sum << std::endl;
  std::cout << "main ends, and the workers with it" << std::endl;
}
