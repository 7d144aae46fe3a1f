// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/pipeline.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "cohort/base/error.hpp"
#include "subprocess/driver.hpp"
#include "subprocess/run_options.hpp"

namespace cohort::subprocess {

namespace {

using detail::Outcome;
using detail::Session;

// The running programs; whatever happens, none is left.
struct Row {
  std::vector<Session> sessions;
  detail::Pipes ends;
  bool kill_tree = true;
  bool ended = false;

  ~Row() {
    if (ended) return;
    try {
      kill();
    } catch (...) {
      // The first exception is on its way already; what could not be killed is reaped later.
    }
  }
  TreeKill kill() {
    TreeKill reached = TreeKill::none;
    for (Session& session : sessions) reached = std::max(reached, session.kill(kill_tree));
    for (Session& session : sessions) (void)session.child.wait(std::chrono::seconds(10));
    ended = true;
    return reached;
  }
};

os::Fd above_standard(os::Fd fd) { return fd.get() < 3 ? os::duplicate(fd.get()) : std::move(fd); }

void start(const std::vector<Command>& stages, const Options& options, Row& row) {
  os::Fd shared_err;  // one pipe for the errors of all
  if (options.err.kind() == Redirect::Kind::pipe) {
    auto [read_end, write_end] = os::make_pipe();
    row.ends.err = above_standard(std::move(read_end));
    shared_err = above_standard(std::move(write_end));
  }
  os::Fd from_before;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    bool first = i == 0;
    bool last = i + 1 == stages.size();
    Options mine = options;
    os::Fd to_next;
    os::Fd next_from;
    if (!first) mine.in = from_before.get();
    if (!last) {
      auto [read_end, write_end] = os::make_pipe();
      next_from = above_standard(std::move(read_end));
      to_next = above_standard(std::move(write_end));
      if (options.pipesize != 0) os::set_pipe_size(to_next.get(), options.pipesize);
      mine.out = to_next.get();
    }
    if (shared_err) mine.err = shared_err.get();
    row.sessions.push_back(Session::start(stages[i], mine));
    if (first) row.ends.in = std::move(row.sessions.back().pipes.in);
    if (last) row.ends.out = std::move(row.sessions.back().pipes.out);
    from_before = std::move(next_from);
  }
}

CompletedProcess stage_result(const Command& command, const Session& session) {
  CompletedProcess done;
  done.args = command;
  done.status = session.child.status().value_or(ExitStatus::unknown());
  done.usage = detail::usage_of(session.child);
  return done;
}

bool failed(const PipelineResult& result, std::size_t i) {
  const ExitStatus& status = result.stages[i].status;
  if (status.success()) return false;
  return i + 1 == result.stages.size() || status.signal() != SIGPIPE;
}

}  // namespace

bool PipelineResult::success() const noexcept {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (failed(*this, i)) return false;
  }
  return true;
}

void PipelineResult::check() const {
  for (std::size_t i = stages.size(); i-- > 0;) {
    if (!failed(*this, i)) continue;
    CompletedProcess process = stages[i];
    process.out = out;
    process.err = err;
    throw CalledProcessError(std::move(process));
  }
}

PipelineResult Pipeline::run(const Options& given) const {
  if (stages_.empty()) throw ValueError("Pipeline.run", "stages", "an empty pipeline");
  Options options = detail::with_pipes(given);
  Deadline deadline = options.timeout.deadline();
  const detail::StopSignal stop(options.stop);
  Row row;
  row.kill_tree = options.kill_tree;
  row.sessions.reserve(stages_.size());
  start(stages_, options, row);
  detail::Exchange exchange(options, std::move(row.ends.in), std::move(row.ends.out), std::move(row.ends.err));
  detail::set_input(exchange, options);
  bool drain_expired = false;
  Outcome outcome = detail::serve_pipes(row.sessions.back(), exchange, deadline, options.drain, stop, drain_expired);
  for (Session& session : row.sessions) {
    if (outcome == Outcome::done) outcome = detail::wait_for_end(session, deadline, stop);
  }
  if (outcome != Outcome::done) {
    TreeKill killed = row.kill();
    detail::finish_killed(row.sessions.back(), exchange, options.drain, drain_expired);
    CompletedProcess so_far = detail::collect(stages_.back(), options, row.sessions.back(), exchange, false);
    if (outcome == Outcome::timed_out) throw TimeoutExpired(std::move(so_far), options.timeout.seconds(), killed);
    if (outcome == Outcome::stopped) throw RunCancelled(std::move(so_far), killed);
    throw OutputLimitExceeded(std::move(so_far), killed);
  }
  row.ended = true;
  PipelineResult result;
  for (std::size_t i = 0; i < stages_.size(); ++i) result.stages.push_back(stage_result(stages_[i], row.sessions[i]));
  CompletedProcess last = detail::collect(stages_.back(), options, row.sessions.back(), exchange, true);
  result.out = std::move(last.out);
  result.err = std::move(last.err);
  result.out_bytes = last.out_bytes;
  if (options.check) result.check();
  return result;
}

std::string Pipeline::output(const Options& given) const {
  Options options = given;
  if (!options.capture_output) options.out = PIPE;
  PipelineResult result = run(options);
  result.check();
  return std::move(result.out);
}

std::string Pipeline::to_string() const {
  std::string text;
  for (const Command& stage : stages_) {
    if (!text.empty()) text += " | ";
    text += stage.to_string();
  }
  return text;
}

}  // namespace cohort::subprocess
