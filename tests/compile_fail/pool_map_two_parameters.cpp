// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: map calls its function with one argument; for several use starmap
#include "cohort/pool/pool.hpp"

int one(std::pair<int, int>) { return 0; }
int two(int, int) { return 0; }
int main() {
  cohort::Pool pool;
  std::vector<int> sums = pool.map<TWIN(two, one)>(std::vector{std::pair(1, 2)});
}
