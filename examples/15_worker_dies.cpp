// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A worker may die at any instruction. Only its own task fails, as WorkerDied, or runs again where retries were asked
// for.
//
// Output:
//
//   a worker died with SIGKILL (9)
//   the others gave 12
//   with a retry: 42
#include <signal.h>
#include <unistd.h>

#include <cohort/pool.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <ranges>
#include <string>

int fragile(int n) {
  if (n == 3) raise(SIGKILL);
  return n;
}

int fragile_once(std::string marker) {
  if (std::filesystem::remove(marker)) raise(SIGKILL);
  return 42;
}

int main() {
  cohort::Pool pool({.processes = 2});
  auto results = pool.imap_unordered<fragile>(std::views::iota(0, 6));
  int sum = 0;
  for (;;) {
    try {
      auto n = results.next();
      if (!n) break;
      sum += *n;
    } catch (const cohort::WorkerDied& death) {
      std::cout << "a worker " << death.exit_status().to_string() << std::endl;
    }
  }
  std::cout << "the others gave " << sum << std::endl;

  std::string marker = (std::filesystem::temp_directory_path() / "cohort-example-XXXXXX").string();
  close(mkstemp(marker.data()));
  std::cout << "with a retry: " << pool.submit<fragile_once>({.retries = 1}, marker).get() << std::endl;
}
