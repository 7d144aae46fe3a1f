// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: a parameter T& would only change a copy in the other process
#include "cohort/process/process.hpp"

#include <vector>

void sort(TWIN(std::vector<int>&, const std::vector<int>&)) {}
int main() {
  std::vector<int> items{3, 1, 2};
  cohort::ForkProcess p(sort, items);
}
