// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Single calls: apply() waits for its result, apply_async() gives it later. close() and join() let all tasks finish.
//
// Output (the lines of the workers in any order):
//
//   run 9
//   apply: 81
//   run 0
//   run 1
//   run 2
//   run 3
//   run 4
//   result 0
//   result 1
//   result 4
//   result 9
//   result 16
#include <cohort/pool.hpp>
#include <iostream>
#include <vector>

int run(int n) {
  std::cout << "run " << n << std::endl;
  return n * n;
}

int main() {
  cohort::Pool pool({.processes = 2});
  std::cout << "apply: " << pool.apply<run>(9) << std::endl;

  std::vector<cohort::AsyncResult<int>> results;
  for (int i = 0; i < 5; ++i) results.push_back(pool.apply_async<run>(i));
  pool.close();
  pool.join();
  for (auto& result : results) std::cout << "result " << result.get() << std::endl;
}
