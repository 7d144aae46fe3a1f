// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What came of running a program: CompletedProcess, and the errors that carry the same.
//
//   CompletedProcess done = run({"ls", "-l"}, {.capture_output = true});
//   done.returncode();   // 0, n, or minus the signal
//   done.out;            // bytes, or text in a text mode
//
// Plain values. Python: the same names; `stdout` and `stderr` are macros of C, so the members are `out` and `err`.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "cohort/base/error.hpp"
#include "cohort/base/exit_status.hpp"
#include "cohort/base/export.hpp"
#include "cohort/subprocess/command.hpp"

namespace cohort::subprocess {

/// How far a kill reached: which means was used to end a program together with what it started.
enum class TreeKill : unsigned char {
  none,     ///< nothing was killed
  process,  ///< the program alone (and the group that it leads): asked for, or its descendants could not be looked for
  walk,     ///< its process group, if it leads one, and its descendants in /proc: best effort
  contain,  ///< by a supervisor above it: complete
  cgroup,   ///< by the kernel, through a control group: complete
};
/// "none", "process", "walk", "contain", "cgroup".
[[nodiscard]] COHORT_EXPORT std::string_view to_string(TreeKill kill);

/// What a program used, of itself and the descendants it waited for.
struct Usage {
  std::chrono::nanoseconds user_time{0};
  std::chrono::nanoseconds system_time{0};
  std::uint64_t max_resident_bytes = 0;
};

/// A program that has ended. Python: subprocess.CompletedProcess.
struct COHORT_EXPORT CompletedProcess {
  Command args{"?"};
  ExitStatus status;
  /// What it wrote, where that was captured; empty otherwise.
  std::string out;
  std::string err;
  /// Whether there was a pipe at all (Python says None where there was not).
  bool captured_out = false;
  bool captured_err = false;
  /// Bytes that arrived, also those that went to a buffer, a callback or past `max_output`.
  std::uint64_t out_bytes = 0;
  std::uint64_t err_bytes = 0;
  /// True when a pipe was still held by some descendant at the drain limit, so that output may be missing.
  bool drain_expired = false;
  /// True when the supervisor of a contained program was killed while that ran, which is what a program does that wants to
  /// escape. Everything was killed then, and the status tells how that ended (as a rule by SIGKILL); with an unknown status
  /// the watcher above the supervisor was killed in the same moment, and processes may be left over.
  bool supervisor_killed = false;
  Usage usage;

  /// Python's number: the exit code, or minus the signal.
  [[nodiscard]] int returncode() const noexcept { return status.exitcode(); }
  /// Throws CalledProcessError unless the program exited with 0.
  void check_returncode() const;
};

/// A program that was to succeed did not. Python: subprocess.CalledProcessError.
class COHORT_EXPORT CalledProcessError : public Error {
 public:
  explicit CalledProcessError(CompletedProcess process);
  ~CalledProcessError() override;
  CalledProcessError(const CalledProcessError&) = default;
  CalledProcessError& operator=(const CalledProcessError&) = default;

  [[nodiscard]] const CompletedProcess& process() const noexcept { return *process_; }
  [[nodiscard]] int returncode() const noexcept { return process_->returncode(); }
  [[nodiscard]] ExitStatus status() const noexcept { return process_->status; }
  [[nodiscard]] const Command& cmd() const noexcept { return process_->args; }
  [[nodiscard]] const std::string& out() const noexcept { return process_->out; }
  [[nodiscard]] const std::string& err() const noexcept { return process_->err; }

 private:
  std::shared_ptr<const CompletedProcess> process_;  // shared, so that copying an exception cannot throw
};

/// A time limit passed. Thrown by run() the program and what it started are killed, as tree_kill() tells; thrown by
/// Popen::wait or communicate nothing was done and the call may be repeated. Python: subprocess.TimeoutExpired.
class COHORT_EXPORT TimeoutExpired : public TimeoutError {
 public:
  TimeoutExpired(CompletedProcess so_far, std::chrono::duration<double> timeout, TreeKill tree_kill);
  ~TimeoutExpired() override;
  TimeoutExpired(const TimeoutExpired&) = default;
  TimeoutExpired& operator=(const TimeoutExpired&) = default;

  [[nodiscard]] const Command& cmd() const noexcept { return process_->args; }
  [[nodiscard]] std::chrono::duration<double> timeout() const noexcept { return timeout_; }
  /// What had arrived by then, as bytes, also in a text mode.
  [[nodiscard]] const std::string& out() const noexcept { return process_->out; }
  [[nodiscard]] const std::string& err() const noexcept { return process_->err; }
  [[nodiscard]] TreeKill tree_kill() const noexcept { return tree_kill_; }

 private:
  std::shared_ptr<const CompletedProcess> process_;
  std::chrono::duration<double> timeout_;
  TreeKill tree_kill_;
};

/// The run was stopped: by Options::stop, or by AsyncRun::cancel(). The program is killed as tree_kill() tells, and reaped. A
/// stop of a mere wait for a program (Popen::wait(token)) is a plain Stopped, and the program goes on.
class COHORT_EXPORT RunCancelled : public Stopped {
 public:
  RunCancelled(CompletedProcess so_far, TreeKill tree_kill);
  ~RunCancelled() override;
  RunCancelled(const RunCancelled&) = default;
  RunCancelled& operator=(const RunCancelled&) = default;

  [[nodiscard]] const CompletedProcess& process() const noexcept { return *process_; }
  [[nodiscard]] TreeKill tree_kill() const noexcept { return tree_kill_; }

 private:
  std::shared_ptr<const CompletedProcess> process_;
  TreeKill tree_kill_;
};

/// A program wrote more than `max_output` allows; it is killed as tree_kill() tells, and reaped. What fitted is kept.
class COHORT_EXPORT OutputLimitExceeded : public Error {
 public:
  OutputLimitExceeded(CompletedProcess so_far, TreeKill tree_kill);
  ~OutputLimitExceeded() override;
  OutputLimitExceeded(const OutputLimitExceeded&) = default;
  OutputLimitExceeded& operator=(const OutputLimitExceeded&) = default;

  [[nodiscard]] const CompletedProcess& process() const noexcept { return *process_; }
  [[nodiscard]] TreeKill tree_kill() const noexcept { return tree_kill_; }

 private:
  std::shared_ptr<const CompletedProcess> process_;
  TreeKill tree_kill_;
};

}  // namespace cohort::subprocess
