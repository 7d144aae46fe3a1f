// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// One type for all that keeps a program from starting, as the documents promise it.
#pragma once

#include "cohort/base/error.hpp"

namespace cohort::subprocess::detail {

/// Calls `step`; what the system refuses in it (a pipe, a file, a descriptor too many) comes out as SpawnError.
template <class Step>
auto as_start_of_program(Step step) -> decltype(step()) {
  try {
    return step();
  } catch (const SpawnError&) { throw; } catch (const OsError& error) {
    throw SpawnError(error.code().value(), error.operation(), error.subject());
  }
}

}  // namespace cohort::subprocess::detail
