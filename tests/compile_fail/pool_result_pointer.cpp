// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: a raw pointer cannot travel
#include "cohort/pool/pool.hpp"

TWIN(int*, int) find(int) { return {}; }
int main() {
  cohort::Pool pool;
  auto found = pool.apply_async<find>(4);
  static_cast<void>(found);
}
