// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Work that is to make next to no system calls: cohort chunks|trips COUNT.
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "cohort/pool.hpp"

namespace {

int increment(int n) { return n + 1; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::string_view what = argv[1];
  auto count = static_cast<std::size_t>(std::atoll(argv[2]));
  cohort::Pool pool({.processes = what == "chunks" ? 2 : 1});
  for (int i = 0; i < 100; ++i) pool.apply<increment>(i);
  if (what == "chunks") {
    std::vector<int> input(count, 1);
    pool.map<increment>(input, {.chunksize = 1});
  } else {
    for (std::size_t i = 0; i < count; ++i) pool.apply<increment>(1);
  }
}
