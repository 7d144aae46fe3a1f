// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a raw pointer cannot travel
#include "cohort/process/process.hpp"

using Argument = TWIN(int*, int);
void work(Argument) {}
int main() { cohort::Process p(cohort::fn<work>, Argument{}); }
