// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: a parameter T& would only change a copy in the other process
#include "cohort/pool/pool.hpp"

void half(TWIN(int&, int)) {}
int main() {
  cohort::Pool pool;
  int n = 4;
  pool.submit<half>({.retries = 2}, n).get();
}
