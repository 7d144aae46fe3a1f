// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A daemon is terminated when its parent ends, in whatever way; other children are waited for. A daemon may not have
// children.
//
// Output:
//
//   a daemon may not have children
//   server runs: true
//   main ends, and the server with it
#include <chrono>
#include <cohort/process.hpp>
#include <iostream>
#include <thread>

void serve_for_ever() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

void have_a_child() {
  try {
    cohort::Process child(serve_for_ever);
    child.start();
  } catch (const cohort::StateError&) { std::cout << "a daemon may not have children" << std::endl; }
}

int main() {
  cohort::Process parent({.name = "parent", .daemon = true}, have_a_child);
  parent.start();
  parent.join();

  cohort::Process server({.name = "server", .daemon = true}, serve_for_ever);
  server.start();
  std::cout << "server runs: " << std::boolalpha << server.is_alive() << std::endl;
  std::cout << "main ends, and the server with it" << std::endl;
}
