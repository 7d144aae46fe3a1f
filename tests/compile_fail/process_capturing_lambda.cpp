// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: this callable captures variables, which cannot travel to another process; pass them as
#include "cohort/process/process.hpp"

int n = 0;
int main() {
  int local = 7;
  cohort::Process p(TWIN([local] { n = local; }, [] { n = 7; }));
  return local - 7;
}
