// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: an argument does not convert to the parameter of the function
#include "cohort/process/process.hpp"

#include <vector>

void work(std::vector<int>) {}
int main() { cohort::Process p(work, TWIN(7, std::vector<int>(7))); }
