// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Cohort's own logger: silent until asked, then one line a record, written with one write(2).
//
//   cohort::log_to_stderr(cohort::LogLevel::info);
//   cohort::get_logger().info("child started");        // [INFO/MainProcess] child started
//
// Any thread may log; lines of processes that share stderr do not interleave, because each is one write.
// The level travels to children (every start method). Python: multiprocessing.get_logger, log_to_stderr; the
// format is the same, `[LEVEL/processName] message`. Records go to one sink, not to a tree of loggers.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "cohort/base/export.hpp"

namespace cohort {

/// Python's numbers, so that a level may be compared with one that came from Python.
enum class LogLevel : int { subdebug = 5, debug = 10, info = 20, subwarning = 25, warning = 30, error = 40, off = 100 };

/// "SUBDEBUG", "DEBUG", "INFO", "SUBWARNING", "WARNING", "ERROR", or "LEVEL n".
[[nodiscard]] COHORT_EXPORT std::string to_string(LogLevel level);

/// The one logger of a process. Use get_logger().
class COHORT_EXPORT Logger {
 public:
  using Sink = std::function<void(LogLevel, std::string_view line)>;

  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  /// Records below `level` are dropped; costs one relaxed load.
  [[nodiscard]] bool enabled(LogLevel level) const noexcept;
  [[nodiscard]] LogLevel level() const noexcept;
  void set_level(LogLevel level) noexcept;
  /// Replaces where lines go; an empty sink means nowhere. Lines come with their newline. The sink may be called
  /// by several threads at once, never while it is being replaced.
  void set_sink(Sink sink);

  /// Writes one record, if its level is enabled; the newline is added. The names below are the levels.
  void log(LogLevel level, std::string_view message);
  void subdebug(std::string_view message) { log(LogLevel::subdebug, message); }
  void debug(std::string_view message) { log(LogLevel::debug, message); }
  void info(std::string_view message) { log(LogLevel::info, message); }
  void subwarning(std::string_view message) { log(LogLevel::subwarning, message); }
  void warning(std::string_view message) { log(LogLevel::warning, message); }
  void error(std::string_view message) { log(LogLevel::error, message); }

 private:
  friend COHORT_EXPORT Logger& get_logger();
  Logger() = default;
};

/// Cohort's logger. Before log_to_stderr or set_sink it drops everything.
COHORT_EXPORT Logger& get_logger();

/// Sends the log to standard error from `level` on, and returns the logger.
COHORT_EXPORT Logger& log_to_stderr(LogLevel level = LogLevel::warning);

namespace log {

/// The name that stands in each line; the process layer sets it. "MainProcess" until then.
COHORT_EXPORT void set_process_name(std::string_view name);
/// True when lines go to standard error because log_to_stderr was called.
[[nodiscard]] COHORT_EXPORT bool to_stderr() noexcept;
/// Around a fork: no other thread is inside the logger or its sink meanwhile, so that the child finds both usable. To
/// be taken before any lock that a sink may need, and released last. Not for use in a sink.
class COHORT_EXPORT ForkGuard {
 public:
  ForkGuard();
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;
  /// To be called in the child, before the guard is destroyed there.
  void in_child() noexcept;
};

/// Writes bytes to standard error with one write(2); safe in a forked child and in a signal handler.
COHORT_EXPORT void write_raw(const char* bytes, std::size_t count) noexcept;

}  // namespace log

}  // namespace cohort
