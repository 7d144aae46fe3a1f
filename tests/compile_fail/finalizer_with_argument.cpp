// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: a finalizer is called without arguments
#include "cohort/process/finalizer.hpp"

void none() {}
void one(int) {}
int main() { cohort::finalize(TWIN(one, none)); }
