// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An exception in a task is thrown where its result is asked for, with its type, and tells where it came from.
//
// Output:
//
//   12 is not a digit
//   std::out_of_range in a worker
//   the pool still works: 5
#include <cohort/pool.hpp>
#include <cohort/wire/remote_error.hpp>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

int digit(int n) {
  if (n > 9) throw std::out_of_range(std::to_string(n) + " is not a digit");
  return n;
}

int main() {
  cohort::Pool pool(2);
  try {
    pool.map<digit>(std::vector{7, 8, 12, 9});
  } catch (const std::out_of_range& error) {
    std::cout << error.what() << std::endl;
    if (auto* remote = dynamic_cast<const cohort::RemoteException*>(&error))
      std::cout << remote->context().type << " in " << (remote->context().process.empty() ? "?" : "a worker")
                << std::endl;
  }
  std::cout << "the pool still works: " << pool.apply<digit>(5) << std::endl;
}
