// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting with a limit: the task goes on when the caller's patience ends.
//
// Output:
//
//   400
//   we lacked patience
//   ready: false
//   the pool still works: 25
//   the pool was terminated before the task's end
#include <chrono>
#include <cohort/pool.hpp>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

int square(int x) { return x * x; }
void sleep_for(std::chrono::milliseconds duration) { std::this_thread::sleep_for(duration); }

int main() {
  cohort::Pool pool({.processes = 4});
  std::cout << pool.apply_async<square>(20).get(60s) << std::endl;

  auto slow = pool.apply_async<sleep_for>(1h);
  try {
    slow.get(10ms);
  } catch (const cohort::TimeoutError&) { std::cout << "we lacked patience" << std::endl; }
  std::cout << "ready: " << std::boolalpha << slow.ready() << std::endl;
  std::cout << "the pool still works: " << pool.apply<square>(5) << std::endl;

  pool.terminate();
  try {
    slow.get();
  } catch (const cohort::PoolBroken&) { std::cout << "the pool was terminated before the task's end" << std::endl; }
}
