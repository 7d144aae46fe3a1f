// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The second way to define a process: a type with run(). It is a value; a copy of it travels to the child.
//
// Output (main and child run at once, so their order is open):
//
//   End of main process...
//   I am Lyon
//   Hello future...
#include <cohort/process.hpp>
#include <iostream>
#include <string>

struct Greeter {
  std::string name;

  void run() const {
    std::cout << "I am " << name << std::endl;
    std::cout << "Hello future..." << std::endl;
  }
};

int main() {
  cohort::Process p(Greeter{"Lyon"});
  p.start();
  std::cout << "End of main process..." << std::endl;
  // No join: a process that is still running is joined at the end of main.
}
