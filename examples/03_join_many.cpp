// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Work that fills all processors: start all processes first, then join them all. Joining each before the next one
// starts would make them run one after the other.
//
// Output (the processes in any order):
//
//   process 0: 499999500000
//   process 1: 499999500000
//   process 2: 499999500000
//   process 3: 499999500000
//   all have ended
#include <cohort/process.hpp>
#include <cstdint>
#include <iostream>
#include <vector>

struct Summation {
  int number;
  std::uint64_t limit;

  void run() const {
    std::uint64_t total = 0;
    for (std::uint64_t i = 0; i < limit; ++i) total += i;
    std::cout << "process " << number << ": " << total << std::endl;
  }
};

int main() {
  std::vector<cohort::Process> processes;
  for (int i = 0; i < 4; ++i) processes.emplace_back(Summation{i, 1'000'000});
  for (cohort::Process& p : processes) p.start();
  for (cohort::Process& p : processes) p.join();
  std::cout << "all have ended" << std::endl;
}
