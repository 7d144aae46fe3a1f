// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The end of a function that runs in a process of its own: exit code, and the report of what it did not catch.
#pragma once

#include <string_view>

#include "cohort/base/function_ref.hpp"

namespace cohort::detail {

/// Calls `body` and gives the exit code for how it ended: 0, SystemExit's, or 1 after any other exception, which is
/// reported on standard error with one write: "Process NAME:", type, text, and the stack where it was thrown.
[[nodiscard]] int run_reporting(std::string_view process_name, FunctionRef<void()> body);

/// Reports the exception that is being handled as run_reporting() does. With no memory for that it says so.
void report_current(std::string_view process_name) noexcept;

/// Calls `body`; an exception out of it is reported on standard error as "Exception in WHAT:" and goes no further.
void report_uncaught(std::string_view what, FunctionRef<void()> body);

}  // namespace cohort::detail
