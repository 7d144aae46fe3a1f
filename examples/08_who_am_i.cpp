// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a process knows about itself and its parent.
//
// Output:
//
//   main line: I am MainProcess, my parent is not of Cohort
//   function f: I am child, my parent is MainProcess
//   hello bob
//   the process ids fit
#include <cohort/process.hpp>
#include <iostream>
#include <string>

void info(const std::string& title) {
  cohort::ProcessInfo self = cohort::current_process();
  auto parent = cohort::parent_process();
  std::cout << title << ": I am " << self.name << ", my parent is " << (parent ? parent->name() : "not of Cohort")
            << std::endl;
}

void f(std::string name, int pid_of_main) {
  info("function f");
  std::cout << "hello " << name << std::endl;
  if (cohort::parent_process()->pid() == pid_of_main && cohort::current_process().pid != pid_of_main)
    std::cout << "the process ids fit" << std::endl;
}

int main() {
  info("main line");
  cohort::Process p({.name = "child"}, f, "bob", cohort::current_process().pid);
  p.start();
  p.join();
}
