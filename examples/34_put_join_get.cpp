// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A process puts a large item and ends, and nobody has taken the item yet. In Python join() waits here for ever: the
// writer waits for a reader. What put() has returned for is in the queue, so the writer may end.
//
// Output:
//
//   joined, exit code 0
//   received 1000000 characters
#include <cohort/process.hpp>
#include <cohort/queue.hpp>
#include <iostream>
#include <string>

void f(cohort::Queue<std::string> q) { q.put(std::string(1'000'000, 'X')); }

int main() {
  cohort::Queue<std::string> queue;
  cohort::Process p(f, queue);
  p.start();
  p.join();  // before get()
  std::cout << "joined, exit code " << p.exitcode().value() << std::endl;
  std::cout << "received " << queue.get().size() << " characters" << std::endl;
}
