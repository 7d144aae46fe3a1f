// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A function in another process: describe, start, join.
//
// Output (the two run at once, so their order is open):
//
//   hello alice
//   hello bob
#include <cohort/process.hpp>
#include <iostream>
#include <string>

void hello(std::string name) { std::cout << "hello " << name << std::endl; }

int main() {
  cohort::Process alice(hello, "alice");
  cohort::Process bob(hello, "bob");
  alice.start();
  bob.start();
  alice.join();
  bob.join();
}
