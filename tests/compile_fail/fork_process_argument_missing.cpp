// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: wrong number of arguments: give one for each parameter
#include "cohort/process/process.hpp"

void none() {}
void one(int) {}
int main() { cohort::ForkProcess p(TWIN(one, none)); }
