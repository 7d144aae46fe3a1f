// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A lock that is passed to the processes: only one prints at a time.
//
// Output (in any order):
//
//   hello world 0
//   hello world 1
//   hello world 2
//   hello world 3
//   hello world 4
//   hello world 5
//   hello world 6
//   hello world 7
//   hello world 8
//   hello world 9
#include <cohort/process.hpp>
#include <cohort/sync.hpp>
#include <iostream>
#include <mutex>

void f(cohort::Lock lock, int i) {
  std::scoped_lock guard(lock);
  std::cout << "hello world " << i << std::endl;
}

int main() {
  cohort::Lock lock;
  for (int num = 0; num < 10; ++num) cohort::Process(f, lock, num).start();
  // No join: what still runs is joined at the end of main.
}
