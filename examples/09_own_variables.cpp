// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Each process has its own variables: arguments are copies, and a global variable is another one in each process.
//
// Output:
//
//   child: 1 1
//   child: 1 1
//   child: 1 1
//   main: 0 0
#include <cohort/process.hpp>
#include <iostream>
#include <map>
#include <string>

int counter = 0;

void increment(std::map<std::string, int> settings) {
  settings["number"] += 1;
  counter += 1;
  std::cout << "child: " << settings["number"] << " " << counter << std::endl;
}

int main() {
  std::map<std::string, int> settings{{"number", 0}};
  for (int i = 0; i < 3; ++i) {
    cohort::Process p(increment, settings);
    p.start();
    p.join();
  }
  std::cout << "main: " << settings["number"] << " " << counter << std::endl;
}
