// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Running a program and waiting for it, in one call.
//
//   CompletedProcess done = run({"ls", "-l"}, {.capture_output = true, .timeout = 10s, .check = true});
//   std::string text = check_output({"uname", "-r"});
//   auto [status, output] = getstatusoutput("ls /bin | wc -l");
//
// Any thread may call; calls do not disturb each other. Every call ends with the program reaped; if it ends with an
// exception, the program and what it started have been killed. Python: the functions of the same names.
#pragma once

#include <string>
#include <utility>

#include "cohort/base/export.hpp"
#include "cohort/subprocess/command.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/result.hpp"
#include "cohort/subprocess/shell.hpp"

namespace cohort::subprocess {

/// Runs a program to its end.
///
/// Throws SpawnError (it could not be started), TimeoutExpired, CalledProcessError (with check), RunCancelled,
/// OutputLimitExceeded, DecodeError (strict text), ValueError (contradicting options).
/// Blocks: until the program has ended and its pipes are closed, the timeout, or the stop request.
/// Cost: 1.05 times that of vfork, exec and wait, whatever the size of this process.
COHORT_EXPORT CompletedProcess run(const Command& command, const Options& options = {});

/// run() for the exit code alone: n, or minus the signal.
COHORT_EXPORT int call(const Command& command, const Options& options = {});
/// call() that throws CalledProcessError unless it is 0.
COHORT_EXPORT int check_call(const Command& command, const Options& options = {});
/// The output of a program that must succeed. `out` and `check` may not be given; without input its standard input is
/// inherited.
COHORT_EXPORT std::string check_output(const Command& command, const Options& options = {});

/// Exit code and output (with errors, as text, without its last newline) of a shell command; does not throw for a failing one.
COHORT_EXPORT std::pair<int, std::string> getstatusoutput(const Shell& command, const Options& options = {});
/// The same for a literal: getstatusoutput("ls /bin | wc -l").
inline std::pair<int, std::string> getstatusoutput(ShellFormat<> command, const Options& options = {}) {
  return getstatusoutput(Shell(command), options);
}
/// The second of getstatusoutput().
COHORT_EXPORT std::string getoutput(const Shell& command, const Options& options = {});
/// The same for a literal.
inline std::string getoutput(ShellFormat<> command, const Options& options = {}) {
  return getoutput(Shell(command), options);
}

}  // namespace cohort::subprocess
