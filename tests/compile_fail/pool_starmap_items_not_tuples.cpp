// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: starmap takes a range of tuples of arguments
#include "cohort/pool/pool.hpp"

int one(int) { return 0; }
int main() {
  cohort::Pool pool;
  std::vector<int> results = pool.starmap<one>(std::vector{TWIN(1, std::tuple(1))});
}
