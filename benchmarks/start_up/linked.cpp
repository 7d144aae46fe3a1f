// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A program that does nothing and links cohort::main; with an argument it would use it.
#include "cohort/pool.hpp"
#include "cohort/process.hpp"

namespace {
void nothing() {}
int same(int n) { return n; }
}  // namespace

int main(int argc, char**) {
  if (argc == 1) return 0;
  cohort::Process process(cohort::fn<nothing>);
  process.start();
  process.join();
  return cohort::Pool(1).apply<same>(0);
}
