// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a worker ended, as the owner of the pool learns it.
#pragma once

#include <string>

#include "cohort/base/exit_status.hpp"

namespace cohort::detail {

struct WorkerEnd {
  int pid;
  ExitStatus status;
  std::string last_words;  ///< the exception that it ended by; empty: none
};

}  // namespace cohort::detail
