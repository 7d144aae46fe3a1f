// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: wrong number of arguments: give one for each parameter
#include "cohort/pool/pool.hpp"

int none() { return 0; }
int one(int) { return 0; }
int main() {
  cohort::Pool pool;
  auto later = pool.apply_async(TWIN(one, none));
  int n = later.get();
  static_cast<void>(n);
}
