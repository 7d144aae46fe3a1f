// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: this lambda captures nothing but says \[&\] or \[=\]; write \[\] instead
#include "cohort/process/process.hpp"

int n = 0;
int main() {
  cohort::Process p(TWIN([&] { n = 7; }, [] { n = 7; }));
}
