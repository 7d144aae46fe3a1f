// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 30 lines
// first error: cohort: this object cannot be called with these arguments
#include "cohort/process/process.hpp"

struct Job {
  int n;
  void run() const {}
};
struct Call {
  int n;
  void operator()(int) const {}
};
int main() { cohort::Process p(TWIN(Job, Call){7}, 1); }
