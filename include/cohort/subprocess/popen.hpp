// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A running program. Destroying a Popen closes its pipes and neither waits nor kills; the program is reaped later,
// without blocking, or ended with all it started if it is contained or has a control group.
//
//   Popen p({"sort"}, {.in = PIPE, .out = PIPE});
//   auto [out, err] = p.communicate("b\na\n", 10s);     // "a\nb\n"
//   p.returncode();                                     // 0
//
// Threads: wait, poll, signals and returncode from any; the streams and communicate from one at a time. The program
// is held by a pidfd, so no signal and no wait ever reaches another process, and one that was reaped by somebody else
// has an *unknown* status, never success. Fork: a copy may destroy its Popen but not use it.
// Moved from: every call throws StateError.
// Python: subprocess.Popen.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cohort/base/exit_status.hpp"
#include "cohort/base/export.hpp"
#include "cohort/base/optional_int.hpp"
#include "cohort/base/until.hpp"
#include "cohort/subprocess/command.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/pipe_stream.hpp"
#include "cohort/subprocess/result.hpp"

namespace cohort::subprocess {

namespace detail {
class Exchange;
class Session;
}  // namespace detail

/// What communicate() brought.
struct Communicated {
  std::string out;
  std::string err;
};

/// A running program.
class COHORT_EXPORT Popen {
 public:
  /// Starts the program; when the constructor returns, it runs.
  ///
  /// Throws SpawnError, whose operation() is the step that failed ("execve", "chdir", "setuid" …) and whose subject()
  /// is what it was about; nothing is left of the child then. Throws ValueError for options that contradict each
  /// other, and for those that only run() has (input, timeout, check, capture_output).
  /// Cost: that of vfork and exec, whatever the size of this process; with user, group or extra_groups that of fork.
  explicit Popen(const Command& command, const Options& options = {});
  /// The same for words in braces: a list of one word would otherwise mean a Popen as well.
  // NOLINTNEXTLINE(google-explicit-constructor): a start of a program shall not look like an assignment
  explicit Popen(std::initializer_list<Arg> words, const Options& options = {})
      : Popen(Command(std::span(words.begin(), words.size())), options) {}
  ~Popen();
  Popen(Popen&&) noexcept;
  Popen& operator=(Popen&&) noexcept;

  [[nodiscard]] const Command& args() const;
  [[nodiscard]] int pid() const;
  /// Becomes readable when the program has ended, for use in a poll loop; -1 where the system has no such thing.
  [[nodiscard]] int sentinel() const;

  /// The pipes that were asked for; the others are closed streams. communicate() closes them.
  [[nodiscard]] PipeWriter& in();
  [[nodiscard]] PipeReader& out();
  [[nodiscard]] PipeReader& err();

  /// Python's number, if the program has ended: asks the system without blocking.
  OptionalInt poll();
  /// Waits for the end; gives Python's number. It wakes when the program ends, and does not look again and again.
  ///
  /// @throws TimeoutExpired  the deadline passed; the program goes on, and the call may be repeated
  /// @throws Stopped         a stop was requested by `until`; the program goes on, and the call may be repeated
  /// @throws RunCancelled    a stop was requested by Options::stop; the program was killed
  int wait(const Until& until = Until::never());
  /// Python's number, if poll, wait or communicate has seen the end.
  [[nodiscard]] OptionalInt returncode() const;
  /// How it ended, if poll, wait or communicate has seen that.
  [[nodiscard]] std::optional<ExitStatus> status() const;
  /// What it used; zero until the end was seen.
  [[nodiscard]] Usage usage() const;

  /// Sends input, closes the program's input, reads all output, and waits for the end; no order of reading and writing
  /// on the program's side can block it.
  ///
  /// @param input    bytes, or text in a text mode; only in the first call. It is copied
  /// @param until    when to give up: TimeoutExpired carries what has come so far, Stopped carries nothing. The program goes
  ///                 on, and so does the next call where this one ended: neither input nor output is lost
  /// Once it has come to the end, a further call gives the same output again at once; input is a ValueError then, as it is in
  /// a call that goes on after a timeout. Python: the same.
  /// A program that stops reading is not an error. With callbacks, tees and limits as in Options. An exception of a callback
  /// comes out of here; the next call goes on.
  Communicated communicate(std::string_view input = {}, const Until& until = Until::never());

  /// Sends a signal, unless the program has ended: then nothing happens.
  void send_signal(int signal);
  /// SIGTERM.
  void terminate();
  /// SIGKILL, to the program alone.
  void kill();
  /// SIGKILL to the program and what it started; the answer says how completely. Does not wait.
  TreeKill kill_tree();

  /// Closes out() and err(), sends what in() has buffered, closes it, and waits: what leaving a `with` block does in
  /// Python. A failure to send (EPIPE, when the program reads no more) is thrown after the wait. An unfinished communicate
  /// is given up. Throws TimeoutExpired and Stopped as wait() does. Returns Python's number.
  int close_and_wait(const Until& until = Until::never());

  /// "<Popen: returncode: 0 args: sort -u>", cut to 80 characters, as Python's repr.
  [[nodiscard]] std::string to_string() const;

  /// What run() returns, from what communicate() has gathered.
  [[nodiscard]] CompletedProcess completed() const;

 private:
  friend class detail::Session;
  struct State;
  // Throws StateError: the user's `call` was made on an object that was moved from.
  [[nodiscard]] State& state(const char* call) const;
  std::unique_ptr<State> state_;
};

}  // namespace cohort::subprocess
