// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// at most 40 lines
// first error (gcc): cannot derive from .final. base .cohort::Process
// first error (clang): base 'Process' is marked 'final'
#include "cohort/process/process.hpp"

struct Job TWIN( : cohort::Process, ) {
  void run() {}
};
int main() { Job().run(); }
