// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: submit takes TaskOptions first
#include "cohort/pool/pool.hpp"

int none() { return 0; }
int one(cohort::TaskOptions) { return 0; }
int main() {
  cohort::Pool pool;
  int n = pool.submit(TWIN(none, cohort::TaskOptions{}), none).get();
  static_cast<void>(n);
}
