// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: map takes the function first, then a range
#include "cohort/pool/pool.hpp"

int half(int n) { return n / 2; }
int main() {
  cohort::Pool pool;
  std::vector<int> items{1, 2};
  std::vector<int> halves = pool.map TWIN((items, half), (half, items));
}
