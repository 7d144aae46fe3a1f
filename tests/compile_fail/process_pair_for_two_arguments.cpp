// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: wrong number of arguments: give one for each parameter
#include "cohort/process/process.hpp"

#include <utility>

void one(std::pair<int, int>) {}
void two(int, int) {}
int main() { cohort::Process p(TWIN(two, one), std::pair(1, 2)); }
