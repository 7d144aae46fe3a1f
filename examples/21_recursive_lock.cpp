// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An RLock may be acquired again by who holds it. Two names of one lock cannot deadlock, in whatever order they are
// taken.
//
// Output (the processes take turns in any order):
//
//   Process-1 has A, then B
//   Process-1 has B, then A
//   Process-2 has A, then B
//   Process-2 has B, then A
//   Process-3 has A, then B
//   Process-3 has B, then A
#include <cohort/process.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <mutex>
#include <vector>

cohort::RLock mutex_a;
cohort::RLock mutex_b = mutex_a;

struct Worker {
  void run() const {
    a_then_b();
    b_then_a();
  }
  void a_then_b() const {
    std::scoped_lock outer(mutex_a);
    std::scoped_lock inner(mutex_b);
    std::cout << cohort::current_process().name << " has A, then B" << std::endl;
  }
  void b_then_a() const {
    std::scoped_lock outer(mutex_b);
    std::scoped_lock inner(mutex_a);
    std::cout << cohort::current_process().name << " has B, then A" << std::endl;
  }
};

int main() {
  std::vector<cohort::Process> processes;
  for (int i = 0; i < 3; ++i) processes.emplace_back(Worker{});
  for (cohort::Process& p : processes) p.start();
  for (cohort::Process& p : processes) p.join();
}
