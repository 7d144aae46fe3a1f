// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The error of a task whose worker died while it ran it.
#pragma once

#include <string>
#include <string_view>

#include "cohort/base/error.hpp"
#include "cohort/base/exit_status.hpp"

namespace cohort {

/// A worker ended (a signal, exit() in the task, the out-of-memory killer) while it had this task, and no retry was
/// left; or workers ended one after the other and could not begin a map, which then names no items.
/// Other tasks and the pool are not affected. Python: none; multiprocessing.Pool waits for ever, ProcessPoolExecutor
/// gives up the whole pool (BrokenProcessPool).
class COHORT_EXPORT WorkerDied : public Error {
 public:
  /// @param operation   the call that throws it: "Pool.map", "AsyncResult.get"
  /// @param last_words  the exception that the worker ended by, where one left it
  WorkerDied(std::string_view operation, int pid, ExitStatus status, std::string_view task,
             std::string_view last_words = {});
  ~WorkerDied() override;
  WorkerDied(const WorkerDied&) = default;
  WorkerDied& operator=(const WorkerDied&) = default;

  /// The worker's process id.
  [[nodiscard]] int pid() const noexcept { return pid_; }
  /// How it ended.
  [[nodiscard]] ExitStatus exit_status() const noexcept { return status_; }
  /// Which task it had: the callable as the compiler spells it, and for map the range of items.
  [[nodiscard]] const std::string& task() const noexcept { return subject(); }

 private:
  int pid_;
  ExitStatus status_;
};

/// The pool cannot run tasks: it was terminated, or its workers die before they are ready.
COHORT_DEFINE_ERROR(PoolBroken);

}  // namespace cohort
