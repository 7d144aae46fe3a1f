// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/pipeline.hpp"

#include <chrono>
#include <csignal>
#include <utility>

#include "cohort/base/error.hpp"
#include "subprocess/driver.hpp"
#include "subprocess/poller.hpp"
#include "subprocess/row.hpp"
#include "subprocess/run_options.hpp"

namespace cohort::subprocess {

namespace {

using detail::Outcome;
using detail::Row;
using detail::Session;

// Whatever happens, none is left.
struct KillUnlessEnded {
  Row& row;
  bool kill_tree;
  bool ended = false;

  ~KillUnlessEnded() {
    if (ended) return;
    try {
      kill();
    } catch (...) {
      row.end(kill_tree);  // the first exception is on its way already
    }
  }
  TreeKill kill() {
    TreeKill reached = row.kill(kill_tree);
    row.wait(std::chrono::seconds(10));
    ended = true;
    return reached;
  }
};

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

PipelineResult Pipeline::run(const Options& given) const { return run_as("Pipeline.run", given); }

PipelineResult Pipeline::run_as(std::string_view operation, const Options& given) const {
  if (stages_.empty()) throw ValueError(operation, "stages", "an empty pipeline");
  Options options = detail::with_pipes(operation, given);
  Deadline deadline = options.timeout.deadline();
  detail::refuse_when_stopped(stages_.back(), options.stop);
  const detail::StopSignal stop(options.stop);
  detail::StreamFiles files(options);
  Outcome outcome = detail::open_files(files, options, deadline, stop);
  if (outcome != Outcome::done) detail::throw_unstarted(outcome, stages_.back(), options.timeout);
  Row row = Row::start(operation, stages_, options);
  KillUnlessEnded guard{row, options.kill_tree};
  detail::Exchange exchange(options, std::move(row.ends.in), std::move(row.ends.out), std::move(row.ends.err));
  detail::set_input(exchange, options);
  bool drain_expired = false;
  outcome = detail::serve_pipes(row.last(), exchange, {deadline, stop}, options.drain, drain_expired);
  for (Session& session : row.sessions) {
    if (outcome == Outcome::done) outcome = detail::wait_for_end(session, {deadline, stop});
  }
  if (outcome != Outcome::done) {
    // What the call waited for, not what happens to be last.
    std::size_t named = row.last_running();
    TreeKill killed = guard.kill();
    detail::finish_killed(row.last(), exchange, options.drain, drain_expired);
    CompletedProcess so_far = detail::collect(stages_[named], options, row.sessions[named], exchange, false);
    if (outcome == Outcome::timed_out) throw TimeoutExpired(std::move(so_far), options.timeout.seconds(), killed);
    if (outcome == Outcome::stopped) throw RunCancelled(std::move(so_far), killed);
    throw OutputLimitExceeded(std::move(so_far), killed);
  }
  guard.ended = true;
  PipelineResult result =
      detail::result_of(stages_, row, detail::collect(stages_.back(), options, row.last(), exchange, true));
  if (options.check) result.check();
  return result;
}

AsyncPipeline Pipeline::run_async(const Options& options, const Limit& limit) const {
  if (stages_.empty()) throw ValueError("Pipeline.run_async", "stages", "an empty pipeline");
  return AsyncPipeline(detail::submit(stages_, true, options, limit));
}

PipelineResult AsyncPipeline::get(const Until& until) { return finished_job(until).take_pipeline(); }

std::string Pipeline::output(const Options& given) const {
  Options options = given;
  if (!options.capture_output) options.out = PIPE;
  PipelineResult result = run_as("Pipeline.output", options);
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
