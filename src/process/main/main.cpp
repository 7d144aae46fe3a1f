// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// cohort::main: puts itself in front of the program's main() by the linker's --wrap, so that a re-executed child
// becomes a worker before any of the program's own code runs. A static archive, compiled without link-time optimisation
// (docs/design/0003).

#include "cohort/process/init.hpp"

extern "C" {
// NOLINTBEGIN(readability-identifier-naming): the linker's names

int __real_main(int argc, char** argv, char** environment);

__attribute__((visibility("default"))) int __wrap_main(int argc, char** argv, char** environment) {
  int status = 0;
  if (cohort::detail::run_if_worker(status)) return status;
  return __real_main(argc, argv, environment);
}

// NOLINTEND(readability-identifier-naming)
}
