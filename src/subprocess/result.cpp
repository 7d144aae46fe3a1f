// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/subprocess/result.hpp"

#include <cstdio>
#include <utility>

namespace cohort::subprocess {

namespace {

std::string quoted(const Command& command) { return "'" + command.to_string() + "'"; }

// Python's sentence, so that those who search for it find it.
std::string failure(const CompletedProcess& process) {
  if (auto code = process.status.code()) return "returned non-zero exit status " + std::to_string(*code);
  return process.status.to_string();
}

std::string timeout_sentence(std::chrono::duration<double> timeout) {
  char text[64];
  std::snprintf(text, sizeof text, "timed out after %g seconds", timeout.count());
  return text;
}

std::shared_ptr<const CompletedProcess> keep(CompletedProcess process) {
  return std::make_shared<const CompletedProcess>(std::move(process));
}

}  // namespace

std::string_view to_string(TreeKill kill) {
  switch (kill) {
    case TreeKill::none: return "none";
    case TreeKill::process: return "process";
    case TreeKill::walk: return "walk";
    case TreeKill::contain: return "contain";
    case TreeKill::cgroup: return "cgroup";
  }
  return "none";
}

void CompletedProcess::check_returncode() const {
  if (!status.success()) throw CalledProcessError(*this);
}

CalledProcessError::CalledProcessError(CompletedProcess process)
    : Error("Command", quoted(process.args), failure(process)), process_(keep(std::move(process))) {}
CalledProcessError::~CalledProcessError() = default;

TimeoutExpired::TimeoutExpired(CompletedProcess so_far, std::chrono::duration<double> timeout, TreeKill tree_kill)
    : TimeoutError("Command", quoted(so_far.args), timeout_sentence(timeout)),
      process_(keep(std::move(so_far))),
      timeout_(timeout),
      tree_kill_(tree_kill) {}
TimeoutExpired::~TimeoutExpired() = default;

RunCancelled::RunCancelled(CompletedProcess so_far, TreeKill tree_kill)
    : Stopped("Command", quoted(so_far.args), "was cancelled by a stop request"),
      process_(keep(std::move(so_far))),
      tree_kill_(tree_kill) {}
RunCancelled::~RunCancelled() = default;

OutputLimitExceeded::OutputLimitExceeded(CompletedProcess so_far, TreeKill tree_kill)
    : Error("Command", quoted(so_far.args), "wrote more than the limit for its output"),
      process_(keep(std::move(so_far))),
      tree_kill_(tree_kill) {}
OutputLimitExceeded::~OutputLimitExceeded() = default;

}  // namespace cohort::subprocess
