// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: this is not something to call: the function comes first
#include "cohort/process/process.hpp"

void work() {}
int main() { cohort::Process p(TWIN("work", work)); }
