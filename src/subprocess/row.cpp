// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "subprocess/row.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "cohort/base/error.hpp"
#include "os/stream_io.hpp"
#include "subprocess/start_error.hpp"

namespace cohort::subprocess::detail {

namespace {

os::Fd above_standard(os::Fd fd) { return fd.get() < 3 ? os::duplicate(fd.get()) : std::move(fd); }

void start_all(std::string_view operation, const std::vector<Command>& stages, const Options& options,
               const std::optional<std::vector<int>>& blocked, Row& row) {
  os::Fd shared_err;  // one pipe for the errors of all
  if (options.err.kind() == Redirect::Kind::pipe) {
    auto [read_end, write_end] = os::make_pipe();
    row.ends.err = above_standard(std::move(read_end));
    shared_err = above_standard(std::move(write_end));
    make_room(shared_err.get(), options.pipesize);
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
      make_room(to_next.get(), options.pipesize);
      mine.out = to_next.get();
    }
    if (shared_err) mine.err = shared_err.get();
    row.sessions.push_back(Session::start(operation, stages[i], mine, blocked));
    if (first) row.ends.in = std::move(row.sessions.back().pipes.in);
    if (last) row.ends.out = std::move(row.sessions.back().pipes.out);
    from_before = std::move(next_from);
  }
}

CompletedProcess stage_result(const Command& command, const Session& session) {
  CompletedProcess done;
  done.args = command;
  done.status = session.child.status().value_or(ExitStatus::unknown());
  done.usage = usage_of(session.child);
  done.supervisor_killed = session.child.lost_supervisor();
  return done;
}

}  // namespace

Row Row::start(std::string_view operation, const std::vector<Command>& stages, const Options& options,
               const std::optional<std::vector<int>>& blocked) {
  Row row;
  row.sessions.reserve(stages.size());
  if (stages.size() == 1) {
    row.sessions.push_back(Session::start(operation, stages[0], options, blocked));
    row.ends = std::move(row.sessions[0].pipes);
    return row;
  }
  try {
    as_start_of_program([&] { start_all(operation, stages, options, blocked, row); });
  } catch (...) {
    row.end(options.kill_tree);
    throw;
  }
  return row;
}

TreeKill Row::kill(bool whole_tree) {
  TreeKill reached = TreeKill::none;
  std::exception_ptr failure;  // of one, which spares none of the others
  for (Session& session : sessions) {
    try {
      reached = std::max(reached, session.kill(whole_tree));
    } catch (...) { failure = std::current_exception(); }
  }
  if (failure) std::rethrow_exception(failure);
  return reached;
}

void Row::end(bool whole_tree) noexcept {
  for (Session& session : sessions) session.end(whole_tree);
}

void Row::wait(Deadline deadline) {
  for (Session& session : sessions) (void)session.child.wait(deadline);
}

bool Row::poll() {
  bool all = true;
  for (Session& session : sessions) all = session.child.poll().has_value() && all;
  return all;
}

std::size_t Row::last_running() {
  if (sessions.size() == 1) return 0;
  for (std::size_t i = sessions.size(); i-- > 0;)
    if (!sessions[i].child.poll()) return i;
  return sessions.size() - 1;
}

bool Row::is_known() const {
  return std::all_of(sessions.begin(), sessions.end(),
                     [](const Session& one) { return one.child.status().has_value(); });
}

PipelineResult result_of(const std::vector<Command>& stages, const Row& row, CompletedProcess last) {
  PipelineResult result;
  for (std::size_t i = 0; i < stages.size(); ++i) result.stages.push_back(stage_result(stages[i], row.sessions[i]));
  result.out = std::move(last.out);
  result.err = std::move(last.err);
  result.out_bytes = last.out_bytes;
  return result;
}

}  // namespace cohort::subprocess::detail
