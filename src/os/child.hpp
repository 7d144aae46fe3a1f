// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: one child process, from its start to its status.
//
//   Child child = Child::start(plan);
//   if (!child.wait(1s)) child.send_signal(SIGKILL);
//   ExitStatus status = *child.wait(Deadline::never());
//
// Destroying a Child that still runs neither waits nor kills: it is put on a list and reaped, without blocking, at a
// later start. Threads: any may wait, poll and signal at once; the status is taken from the kernel once and given to
// all. Fork: in a forked copy the child is not ours, so its status is unknown and signals are refused. A child that
// somebody else reaped (SIGCHLD ignored, a foreign waitpid) is unknown, never a success, and is never signalled:
// its number may already be another's.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "cohort/base/deadline.hpp"
#include "cohort/base/exit_status.hpp"
#include "os/fd.hpp"
#include "os/spawn.hpp"

namespace cohort::os {

/// What a child used, of itself and the descendants it waited for.
struct ResourceUsage {
  std::chrono::nanoseconds user_time{0};
  std::chrono::nanoseconds system_time{0};
  std::uint64_t max_resident_bytes = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
};

/// Owns one child of this process.
class Child {
 public:
  /// No child: pid() is -1, its status unknown.
  Child() noexcept;
  /// Takes over a child that was started otherwise (a fork). Without a pidfd one is opened if possible.
  explicit Child(pid_t pid, Fd pidfd = {});
  ~Child();
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;

  /// spawn(), and the child in an object. Throws what spawn() throws.
  [[nodiscard]] static Child start(const SpawnPlan& plan);

  [[nodiscard]] pid_t pid() const noexcept;
  /// Readable when the child has ended; -1 where there is none. Stays open as long as the Child.
  [[nodiscard]] int pidfd() const noexcept;

  /// The status, if the child has ended. Does not block; costs one system call until then.
  std::optional<ExitStatus> poll();
  /// Waits for the end. nullopt: the deadline passed; nothing was changed.
  std::optional<ExitStatus> wait(Deadline deadline);
  /// The status if it is already known here; no system call.
  [[nodiscard]] std::optional<ExitStatus> status() const;

  /// Sends a signal to this very child. False: it has already ended, nothing was sent. Throws OsError (EPERM, EINVAL).
  bool send_signal(int signal);
  /// The same to the process group that the child leads; only for a child started with new_session or process_group 0.
  bool send_signal_to_group(int signal);

  /// For a child started with SpawnPlan::contain: has the supervisor kill it and all its descendants. Does not wait.
  void kill_contained();
  /// Its supervisor was killed: by the program below it, most likely. Known once the status is known.
  [[nodiscard]] bool lost_supervisor() const;

  /// Known once the status is known, and not for an unknown one.
  [[nodiscard]] std::optional<ResourceUsage> usage() const;

  /// Reaps what earlier destroyed Child objects left running and has ended since. Returns how many still run.
  static std::size_t reap_abandoned();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cohort::os
