// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/run.hpp"

#include <string_view>
#include <utility>

#include "cohort/base/error.hpp"
#include "cohort/base/handle.hpp"
#include "subprocess/driver.hpp"
#include "subprocess/run_options.hpp"

namespace cohort::subprocess {

namespace detail {

void check_output_options(std::string_view operation, const Options& options) {
  if (options.out_buffer.data() != nullptr && options.overflow == Overflow::keep_tail) {
    throw ValueError(operation, "out_buffer", "keeps the head of the output, never the tail");
  }
}

Options with_pipes(std::string_view operation, const Options& given) {
  Options options = given;
  check_output_options(operation, options);
  if (options.input) {
    if (!options.in.is_inherit()) throw ValueError(operation, "in", "and input may not both be given");
    options.in = PIPE;
  }
  if (options.capture_output) {
    if (!options.out.is_inherit() || !options.err.is_inherit()) {
      throw ValueError(operation, "out and err", "may not be given with capture_output");
    }
    options.out = PIPE;
    options.err = PIPE;
  }
  return options;
}

void set_input(Exchange& exchange, const Options& options) {
  if (!options.input) return;
  if (options.is_text()) {
    exchange.set_owned_input(as_bytes(*options.input, options));
  } else {
    exchange.set_input(*options.input);
  }
}

}  // namespace detail

namespace {

using detail::Outcome;

// Kills the program, should an exception (of a callback, of the system) come by.
class KillOnException {
 public:
  KillOnException(detail::Session& session, detail::Exchange& exchange, const Options& options)
      : session_(session), exchange_(exchange), options_(options) {}
  ~KillOnException() {
    if (done_) return;
    try {
      kill();
    } catch (...) {
      // A callback may throw again while what is left is read, or there is no memory; the first exception is on its way
      // already.
      session_.end(options_.kill_tree);
    }
  }
  KillOnException(const KillOnException&) = delete;
  KillOnException& operator=(const KillOnException&) = delete;

  TreeKill kill() {
    TreeKill killed = session_.kill(options_.kill_tree);
    detail::finish_killed(session_, exchange_, options_.drain, drain_expired);
    done_ = true;
    return killed;
  }
  void ended() noexcept { done_ = true; }
  bool drain_expired = false;

 private:
  detail::Session& session_;
  detail::Exchange& exchange_;
  const Options& options_;
  bool done_ = false;
};

// run() for all that are made of it; `operation` is the one that the user called.
CompletedProcess run_as(std::string_view operation, const Command& command, const Options& given) {
  Options options = detail::with_pipes(operation, given);
  Deadline deadline = options.timeout.deadline();
  detail::refuse_when_stopped(command, options.stop);
  const detail::StopSignal stop(options.stop);
  detail::StreamFiles files(options);
  Outcome outcome = detail::open_files(files, options, deadline, stop);
  if (outcome != Outcome::done) detail::throw_unstarted(outcome, command, options.timeout);
  detail::Session session = detail::Session::start(operation, command, options);
  ScopeExit unguarded([&] { session.end(options.kill_tree); });
  detail::Exchange exchange(options, std::move(session.pipes.in), std::move(session.pipes.out),
                            std::move(session.pipes.err));
  KillOnException guard(session, exchange, options);
  unguarded.dismiss();
  detail::set_input(exchange, options);
  outcome = detail::serve_pipes(session, exchange, {deadline, stop}, options.drain, guard.drain_expired);
  if (outcome == Outcome::done) outcome = detail::wait_for_end(session, {deadline, stop});
  if (outcome != Outcome::done) {
    TreeKill killed = guard.kill();
    CompletedProcess ended = detail::collect(command, options, session, exchange, false);
    ended.drain_expired = guard.drain_expired;
    if (outcome == Outcome::timed_out) throw TimeoutExpired(std::move(ended), options.timeout.seconds(), killed);
    if (outcome == Outcome::stopped) throw RunCancelled(std::move(ended), killed);
    throw OutputLimitExceeded(std::move(ended), killed);
  }
  guard.ended();
  CompletedProcess done = detail::collect(command, options, session, exchange, true);
  done.drain_expired = guard.drain_expired;
  if (options.check) done.check_returncode();
  return done;
}

std::pair<int, std::string> status_and_output(std::string_view operation, const Shell& command, const Options& given) {
  Options options = given;
  options.out = PIPE;
  options.err = STDOUT;
  options.text = true;
  if (!options.errors) options.errors = ErrorPolicy::replace;
  CompletedProcess done = run_as(operation, command, options);
  if (!done.out.empty() && done.out.back() == '\n') done.out.pop_back();
  return {done.returncode(), std::move(done.out)};
}

}  // namespace

CompletedProcess run(const Command& command, const Options& options) { return run_as("run", command, options); }

int call(const Command& command, const Options& options) { return run_as("call", command, options).returncode(); }

int check_call(const Command& command, const Options& options) {
  CompletedProcess done = run_as("check_call", command, options);
  done.check_returncode();
  return 0;
}

std::string check_output(const Command& command, const Options& given) {
  if (!given.out.is_inherit()) throw ValueError("check_output", "out", "may not be given, it is a pipe");
  if (given.check) throw ValueError("check_output", "check", "may not be given, it is set");
  Options options = given;
  options.out = PIPE;
  options.check = true;
  return run_as("check_output", command, options).out;
}

std::pair<int, std::string> getstatusoutput(const Shell& command, const Options& options) {
  return status_and_output("getstatusoutput", command, options);
}

std::string getoutput(const Shell& command, const Options& options) {
  return status_and_output("getoutput", command, options).second;
}

}  // namespace cohort::subprocess
