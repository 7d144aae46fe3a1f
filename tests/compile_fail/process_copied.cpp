// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error (gcc): use of deleted function .cohort::Process::Process\(const cohort::Process&\)
// first error (clang): call to deleted constructor of .cohort::Process.
#include "cohort/process/process.hpp"

#include <utility>

void work() {}
int main() {
  cohort::Process p(work);
  cohort::Process q(TWIN(p, std::move(p)));
}
