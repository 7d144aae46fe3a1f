// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a Process tells about itself, before, while and after it runs.
//
// Output:
//
//   name Process-1, daemon false
//   has a pid: false, alive: false
//   has a pid: true, alive: true
//   children: 1
//   a process starts once
//   ended after 10 ms: false
//   alive: false, exit code -15
//   died with SIGTERM (15)
#include <chrono>
#include <cohort/process.hpp>
#include <iostream>
#include <thread>

void wait_long() { std::this_thread::sleep_for(std::chrono::hours(1)); }

int main() {
  std::cout << std::boolalpha;
  cohort::Process p(wait_long);
  std::cout << "name " << p.name() << ", daemon " << p.daemon() << std::endl;
  std::cout << "has a pid: " << p.pid().has_value() << ", alive: " << p.is_alive() << std::endl;

  p.start();
  std::cout << "has a pid: " << p.pid().has_value() << ", alive: " << p.is_alive() << std::endl;
  std::cout << "children: " << cohort::active_children().size() << std::endl;
  try {
    p.start();
  } catch (const cohort::StateError&) { std::cout << "a process starts once" << std::endl; }

  bool ended = p.join(std::chrono::milliseconds(10));
  std::cout << "ended after 10 ms: " << ended << std::endl;
  p.terminate();
  p.join();
  std::cout << "alive: " << p.is_alive() << ", exit code " << p.exitcode().value() << std::endl;
  std::cout << p.exit_status()->to_string() << std::endl;
  p.terminate();  // no effect on what has ended
}
