// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: an argument does not convert to the parameter of the function
#include "cohort/pool/pool.hpp"

int half(TWIN(std::string, int)) { return 0; }
int main() {
  cohort::Pool pool;
  for (int n : pool.imap_unordered<half>(std::vector{1, 2})) static_cast<void>(n);
}
