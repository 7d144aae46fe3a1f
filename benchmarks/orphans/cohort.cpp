// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A tree of processes: three children, each with one of its own; all say "up" and wait. Argument: the start method.
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "cohort/process.hpp"

namespace {

void say_up() {
  if (::write(STDOUT_FILENO, "up\n", 3) != 3) std::_Exit(4);
}

void leaf() {
  say_up();
  for (;;) ::pause();
}

void branch(std::string method) {
  cohort::Process child({.start_method = cohort::start_method_from_name(method)}, cohort::fn<leaf>);
  child.start();
  say_up();
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  std::string method = argc > 1 ? argv[1] : "forkserver";
  std::vector<cohort::Process> children;
  for (int i = 0; i < 3; ++i) {
    children.emplace_back(cohort::ProcessOptions{.start_method = cohort::start_method_from_name(method)},
                          cohort::fn<branch>, method);
    children.back().start();
  }
  for (;;) ::pause();
}
