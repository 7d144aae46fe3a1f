// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a process ended: with an exit code, by a signal, or in a way that nobody can tell any more.
//
//   cohort::ExitStatus status = child.status();
//   if (!status.success()) log(status.to_string());          // "died with SIGKILL (9)"
//
// A plain value of eight bytes. Python: the integer `returncode` or `exitcode`, which is n for exit(n) and -s for
// signal s; exitcode() gives that number. Python reports 0, success, for a child that somebody else reaped; here
// such a child is *unknown*, which is never success.
#pragma once

#include <optional>
#include <string>

#include "cohort/base/export.hpp"

namespace cohort {

/// How one process ended.
class COHORT_EXPORT ExitStatus {
 public:
  enum class Kind : unsigned char {
    exited,    ///< it called exit, or returned from main
    signaled,  ///< a signal ended it
    unknown,   ///< it is gone, but its status went to somebody else (SIGCHLD ignored, a foreign waitpid)
  };

  /// Unknown.
  constexpr ExitStatus() noexcept = default;
  [[nodiscard]] static constexpr ExitStatus exited(int code) noexcept { return {Kind::exited, code, false}; }
  [[nodiscard]] static constexpr ExitStatus signaled(int signal, bool core_dumped = false) noexcept {
    return {Kind::signaled, signal, core_dumped};
  }
  [[nodiscard]] static constexpr ExitStatus unknown() noexcept { return {}; }

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  /// True only for exit code 0.
  [[nodiscard]] constexpr bool success() const noexcept { return kind_ == Kind::exited && value_ == 0; }
  /// The exit code (0 to 255); nullopt unless it exited.
  [[nodiscard]] constexpr std::optional<int> code() const noexcept {
    return kind_ == Kind::exited ? std::optional<int>(value_) : std::nullopt;
  }
  /// The signal's number; nullopt unless a signal ended it.
  [[nodiscard]] constexpr std::optional<int> signal() const noexcept {
    return kind_ == Kind::signaled ? std::optional<int>(value_) : std::nullopt;
  }
  [[nodiscard]] constexpr bool core_dumped() const noexcept { return core_dumped_; }
  /// Python's number: the exit code, or minus the signal. Unknown is kUnknownExitcode, which no process can return.
  [[nodiscard]] constexpr int exitcode() const noexcept {
    if (kind_ == Kind::exited) return value_;
    return kind_ == Kind::signaled ? -value_ : kUnknownExitcode;
  }
  static constexpr int kUnknownExitcode = -1000;

  /// "exited with 3", "died with SIGSEGV (11), core dumped", "died with unknown signal 63", "ended with unknown
  /// status".
  [[nodiscard]] std::string to_string() const;

  friend constexpr bool operator==(const ExitStatus&, const ExitStatus&) noexcept = default;

 private:
  constexpr ExitStatus(Kind kind, int value, bool core_dumped) noexcept
      : value_(value), kind_(kind), core_dumped_(core_dumped) {}

  int value_ = 0;
  Kind kind_ = Kind::unknown;
  bool core_dumped_ = false;
};

/// The name of a signal, "SIGKILL"; "SIGRTMIN+2" for real-time ones; empty for a number that is no signal.
[[nodiscard]] COHORT_EXPORT std::string signal_name(int signal);

}  // namespace cohort
