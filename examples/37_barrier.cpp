// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A fixed number of processes that wait for each other: none goes on before all have come.
//
// Output:
//
//   a process has come
//   a process has come
//   a process has come
//   all have come
//   a process goes on
//   a process goes on
//   a process goes on
//   one of them was the first: true
//   who waits alone breaks the barrier, and is told
//   broken: true
#include <chrono>
#include <cohort/process.hpp>
#include <cohort/shared.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <vector>

using namespace std::chrono_literals;

void meet(cohort::Barrier barrier, cohort::Value<int> firsts) {
  std::cout << "a process has come" << std::endl;
  if (barrier.wait() == 0) firsts += 1;
  std::cout << "a process goes on" << std::endl;
}

int main() {
  cohort::Barrier barrier(3, [] { std::cout << "all have come" << std::endl; });
  cohort::Value<int> firsts(0);
  std::vector<cohort::Process> processes;
  for (int i = 0; i < 3; ++i) processes.emplace_back(meet, barrier, firsts);
  for (cohort::Process& p : processes) p.start();
  for (cohort::Process& p : processes) p.join();
  std::cout << "one of them was the first: " << std::boolalpha << (firsts.load() == 1) << std::endl;

  try {
    barrier.wait(10ms);
  } catch (const cohort::BrokenBarrierError&) {
    std::cout << "who waits alone breaks the barrier, and is told" << std::endl;
  }
  std::cout << "broken: " << barrier.broken() << std::endl;
}
