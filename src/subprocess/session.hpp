// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A started program with all that belongs to it: the child, our ends of its pipes, its control group.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cohort/subprocess/command.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/result.hpp"
#include "os/child.hpp"
#include "os/fd.hpp"
#include "os/process_tree.hpp"

namespace cohort::subprocess::detail {

/// Our ends of the pipes; null where there is none.
struct Pipes {
  os::Fd in;
  os::Fd out;
  os::Fd err;
};

/// One started program. Destroying it closes the pipes and does not wait.
class Session {
 public:
  /// Starts `command`. Throws SpawnError and ValueError as Popen's constructor does. Fields of run() alone are not
  /// looked at, and files are open by now: see StreamFiles.
  /// @param operation  the call that the user made, for errors
  /// @param blocked  the signals that the program starts with blocked, where another thread asked for it; else ours
  static Session start(std::string_view operation, const Command& command, const Options& options,
                       const std::optional<std::vector<int>>& blocked = std::nullopt);

  /// Kills the program, with what it started if `whole_tree`, by the best means that it was started with. Does not
  /// wait.
  TreeKill kill(bool whole_tree);
  /// Kills a program that nobody gets, since what belongs to it could not be made, and waits for its end.
  void end(bool whole_tree) noexcept;

  os::Child child;
  Pipes pipes;

 private:
  static Session start_program(std::string_view operation, const Command& command, const Options& options,
                               const std::optional<std::vector<int>>& blocked);

  os::ControlGroup group_;
  bool contained_ = false;
  bool leads_group_ = false;
};

/// Makes room in a pipe as Options::pipesize asks; 0: as it is. Throws OsError.
void make_room(int pipe, std::size_t size);

/// The limit's number of the operating system. Throws ValueError where it has none.
[[nodiscard]] Usage usage_of(const os::Child& child);

/// The path of `command` as errors and `run` name it.
[[nodiscard]] os::SpawnPlan plan_of(std::string_view operation, const Command& command, const Options& options);

}  // namespace cohort::subprocess::detail
