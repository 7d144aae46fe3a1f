// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The running programs of a pipeline; one program alone is a row as well.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "cohort/subprocess/command.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/pipeline.hpp"
#include "cohort/subprocess/result.hpp"
#include "subprocess/session.hpp"

namespace cohort::subprocess::detail {

/// Programs that run, and our ends of the first's input, the last's output and the errors of all.
struct Row {
  /// Starts all. When one cannot be started those before it are killed and reaped, and its error comes out.
  /// @param operation, blocked  as Session::start
  static Row start(std::string_view operation, const std::vector<Command>& stages, const Options& options,
                   const std::optional<std::vector<int>>& blocked = std::nullopt);

  /// Kills all that still run; the answer is the farthest that a kill reached. Does not wait.
  TreeKill kill(bool whole_tree);
  /// Kills programs that nobody gets, and waits for their end.
  void end(bool whole_tree) noexcept;
  /// Waits for each; after a kill that is short, unless the kernel is stuck.
  void wait(Deadline deadline);
  /// True when all have ended. Does not block.
  bool poll();
  /// The position of the last that has not ended; that of the last of all when all have. Does not block.
  [[nodiscard]] std::size_t last_running();
  /// True when poll() has seen the end of all, or whoever else looked.
  [[nodiscard]] bool is_known() const;
  [[nodiscard]] Session& last() noexcept { return sessions.back(); }
  [[nodiscard]] const Session& last() const noexcept { return sessions.back(); }

  std::vector<Session> sessions;
  Pipes ends;
};

/// What became of a row that has ended; `last` is what collect() made of its last program.
[[nodiscard]] PipelineResult result_of(const std::vector<Command>& stages, const Row& row, CompletedProcess last);

}  // namespace cohort::subprocess::detail
