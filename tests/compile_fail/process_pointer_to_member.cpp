// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// first error: cohort: a pointer to member cannot travel to another process; write cohort::fn<&Type::member>
#include "cohort/process/process.hpp"

struct Job {
  int n;
  void work() {}
};
int main() { cohort::Process p(TWIN(&Job::work, cohort::fn<&Job::work>), Job{7}); }
