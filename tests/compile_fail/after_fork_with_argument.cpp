// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: what runs after a fork is called without arguments
#include "cohort/process/finalizer.hpp"

void none() {}
void one(int) {}
int main() { cohort::register_after_fork(TWIN(one, none)); }
