// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for one program in the calling thread: for its pipes, its end, a deadline and a stop request.
#pragma once

#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/result.hpp"
#include "subprocess/exchange.hpp"
#include "subprocess/session.hpp"
#include "subprocess/stop_signal.hpp"
#include "subprocess/stream_files.hpp"

namespace cohort::subprocess::detail {

/// Why the waiting ended.
enum class Outcome {
  done,
  timed_out,
  stopped,  ///< by the token of the options, which ends the program
  left,     ///< by the token of the call, which ends the call alone
  over_limit,
};

/// What ends a call before the program ends.
struct CallLimits {
  Deadline deadline;
  const StopSignal& stop;             ///< of the options
  const StopSignal* leave = nullptr;  ///< of the call; may be null

  /// A stop that was requested; done when there was none.
  [[nodiscard]] Outcome stops() const noexcept;
  [[nodiscard]] int leave_fd() const noexcept { return leave != nullptr ? leave->fd() : -1; }
  /// How long one may sleep at most before looking for stops again.
  [[nodiscard]] Deadline next_look() const;
};

/// How long after a kill output is still read when the caller gave no limit of its own.
inline constexpr std::chrono::milliseconds kDrainAfterKill{250};

/// Throws RunCancelled when a stop was requested before anything was started.
void refuse_when_stopped(const Command& command, const std::stop_token& stop);
/// Opens all files and has `options` name them, when the outcome is `done`. Throws SpawnError.
[[nodiscard]] Outcome open_files(StreamFiles& files, Options& options, Deadline deadline, const StopSignal& stop);
/// Throws what such an end of a call means; nothing has been started.
[[noreturn]] void throw_unstarted(Outcome outcome, const Command& command, const Timeout& timeout);

/// Serves the pipes until they are finished. With a drain limit, a program that has ended but whose pipes are held by
/// others is left alone when that has passed: `drain_expired` is set then.
[[nodiscard]] Outcome serve_pipes(Session& session, Exchange& exchange, const CallLimits& limits, const Timeout& drain,
                                  bool& drain_expired);
/// Waits for the program's end. A stop counts unless the program has ended.
[[nodiscard]] Outcome wait_for_end(Session& session, const CallLimits& limits);
/// Reads what is left after a kill, for a short time, and reaps.
void finish_killed(Session& session, Exchange& exchange, const Timeout& drain, bool& drain_expired);

/// Moves what was gathered into a result; text is decoded, in strict text modes with DecodeError.
[[nodiscard]] CompletedProcess collect(const Command& command, const Options& options, Session& session,
                                       Exchange& exchange, bool decode_text);
/// Output as the options want it.
[[nodiscard]] std::string as_text(std::string bytes, Encoding encoding, const Options& options);
/// Input as bytes.
[[nodiscard]] std::string as_bytes(std::string_view text, const Options& options);

}  // namespace cohort::subprocess::detail
