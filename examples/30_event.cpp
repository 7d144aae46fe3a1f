// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Processes that wait until another one says that it is ready, and one that loses its patience.
//
// Output (the processes in any order):
//
//   the impatient one gives up after 3 attempts
//   checking the database
//   conn0 connected
//   conn1 connected
//   conn2 connected
#include <chrono>
#include <cohort/process.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

void connect(std::string name, cohort::Event ready) {
  ready.wait();
  std::cout << name << " connected" << std::endl;
}

void check(cohort::Event ready) {
  std::cout << "checking the database" << std::endl;
  ready.set();
}

int main() {
  cohort::Event ready;
  int attempts = 0;
  while (!ready.wait(5ms) && ++attempts < 3) continue;
  std::cout << "the impatient one gives up after " << attempts << " attempts" << std::endl;

  std::vector<cohort::Process> processes;
  for (int i = 0; i < 3; ++i) processes.emplace_back(connect, "conn" + std::to_string(i), ready);
  processes.emplace_back(check, ready);
  for (cohort::Process& p : processes) p.start();
  for (cohort::Process& p : processes) p.join();
}
