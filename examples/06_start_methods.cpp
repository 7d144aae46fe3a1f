// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The three ways in which a process comes to be: chosen for one process, by a context, or for the whole program.
//
// Output:
//
//   there is forkserver
//   there is spawn
//   there is fork
//   I was started by spawn
//   I was started by forkserver
//   I was started by spawn
//   the method of a program is set once
#include <cohort/process.hpp>
#include <iostream>

void tell() {
  std::cout << "I was started by " << to_string(cohort::current_process().start_method.value()) << std::endl;
}

int main() {
  for (cohort::StartMethod method : cohort::get_all_start_methods())
    std::cout << "there is " << to_string(method) << std::endl;

  cohort::Process one({.start_method = cohort::StartMethod::spawn}, tell);
  one.start();
  one.join();

  cohort::Process other = cohort::get_context("forkserver").process(tell);
  other.start();
  other.join();

  cohort::set_start_method("spawn");
  cohort::Process by_default(tell);
  by_default.start();
  by_default.join();

  try {
    cohort::set_start_method("forkserver");
  } catch (const cohort::StateError&) { std::cout << "the method of a program is set once" << std::endl; }
}
