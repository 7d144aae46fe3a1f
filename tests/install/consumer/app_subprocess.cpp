// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A program that uses subprocess and shlex alone.
#include <cohort/shlex.hpp>
#include <cohort/subprocess/run.hpp>
#include <cstdio>

int main() {
  std::string line = cohort::shlex::join({"hello", "bob"});
  std::string output = cohort::subprocess::check_output({"echo", line});
  std::fputs(output.c_str(), stdout);
  return output == "hello bob\n" ? 0 : 1;
}
