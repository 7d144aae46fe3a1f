// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Handing the program's main() to Cohort, so that a re-executed child can become a worker.
//
// A program that links the CMake target cohort::main need do nothing: the target puts itself in front of main(). One that
// cannot calls init() first:
//
//   int main(int argc, char** argv) {
//     cohort::init(argc, argv);
//     …
//   }
//
// Without either, Process::start throws BootstrapError before anything is started. A re-executed child knows itself by its last argument,
// by its environment and by the memory that it inherits, whichever of these reaches it; when it cannot work all the same (its
// descriptors were closed, it was given raised privileges) it ends with a sentence and a status of 70 to 75, which start() throws as
// BootstrapError. In no case does it run main(): no fork bomb is possible.
// Static initialisers run again in a re-executed child; they must neither start processes nor close descriptors that are not theirs.
// Python: `if __name__ == "__main__"` and multiprocessing.freeze_support().
#pragma once

#include "cohort/base/export.hpp"

namespace cohort {

/// In a worker: does the work and ends the process. In any other process: notes that main() has been handed over and returns.
/// To be the first statement of main(); idempotent.
COHORT_EXPORT void init(int argc, char** argv);
/// Python's name for init(); for programs that do not have argv at hand.
COHORT_EXPORT void freeze_support();

namespace detail {

/// What cohort::main's __wrap_main calls: true when this process is a worker, whose status is then in `status`.
[[nodiscard]] COHORT_EXPORT bool run_if_worker(int& status);

}  // namespace detail

}  // namespace cohort
