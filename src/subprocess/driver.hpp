// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for one program in the calling thread: for its pipes, its end, a deadline and a stop request.
#pragma once

#include <optional>
#include <stop_token>

#include "cohort/base/deadline.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/result.hpp"
#include "os/fd.hpp"
#include "subprocess/exchange.hpp"
#include "subprocess/session.hpp"
#include "subprocess/stream_files.hpp"

namespace cohort::subprocess::detail {

/// Makes a stop request readable in a poll loop. Costs nothing for a token that cannot stop. Where no descriptor can be
/// had for it, the loop looks now and then.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& token);
  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  [[nodiscard]] bool requested() const noexcept { return token_.stop_requested(); }
  /// A stop may come.
  [[nodiscard]] bool possible() const noexcept { return token_.stop_possible(); }
  /// How long one may sleep at most before looking again.
  [[nodiscard]] Deadline next_look() const;

 private:
  struct Notify {
    int fd;
    void operator()() const noexcept;
  };
  std::stop_token token_;
  os::Fd event_;
  std::optional<std::stop_callback<Notify>> callback_;
};

/// Why the waiting ended.
enum class Outcome { done, timed_out, stopped, over_limit };

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
[[nodiscard]] Outcome serve_pipes(Session& session, Exchange& exchange, Deadline deadline, const Timeout& drain,
                                  const StopSignal& stop, bool& drain_expired);
/// Waits for the program's end. A stop counts unless the program has ended.
[[nodiscard]] Outcome wait_for_end(Session& session, Deadline deadline, const StopSignal& stop);
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
