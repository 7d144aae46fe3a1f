// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The fork server: this program re-executed, with one thread, that forks children on request.
#pragma once

#include "process/reexecution.hpp"

namespace cohort::detail {

/// Serves until its starter ends or says stop. Returns the exit status of this process: in the server when it has
/// served, and in each forked child when that has done its work.
[[nodiscard]] int serve_forks(const Reexecution& reexecution);

}  // namespace cohort::detail
