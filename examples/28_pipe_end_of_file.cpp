// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A consumer that takes from a pipe until its end. An end is at its end when nobody has the other one: so each process
// closes the end that it does not use.
//
// Output:
//
//   c1 got 0 buns...
//   c1 got 1 buns...
//   c1 got 2 buns...
//   c1 got 3 buns...
//   c1 got 4 buns...
//   c1 got 5 buns...
//   c1 got 6 buns...
//   c1 got 7 buns...
//   c1 got 8 buns...
//   c1 got 9 buns...
//   End of main process...
#include <cohort/connection.hpp>
#include <cohort/process.hpp>
#include <iostream>
#include <string>

void produce(cohort::Connection left, cohort::Connection right) {
  right.close();
  for (int i = 0; i < 10; ++i) left.send(i);
  left.close();
}

void consume(cohort::Connection left, cohort::Connection right, std::string name) {
  left.close();
  try {
    for (;;) {
      int bun = right.recv<int>();
      std::cout << name << " got " << bun << " buns..." << std::endl;
    }
  } catch (const cohort::EndOfFile&) { right.close(); }
}

int main() {
  auto [left, right] = cohort::Pipe();
  cohort::Process c1(consume, left, right, "c1");
  c1.start();
  produce(left, right);
  c1.join();
  std::cout << "End of main process..." << std::endl;
}
