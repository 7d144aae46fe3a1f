// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: ending a child together with everything it started.
//
// A control group does it completely. Without one, descendants are found through /proc: each is stopped before its
// own children are read, so that it cannot start more meanwhile, and is named by a pidfd, so that no stranger with
// a reused number is hit. What has left the tree before (a daemon that forked twice) is found only by its process
// group or session, if the child leads one.
#pragma once

#include <cstddef>
#include <string>

#include "cohort/base/deadline.hpp"
#include "os/child.hpp"
#include "os/fd.hpp"

namespace cohort::os {

/// What kill_descendants_of() did.
struct TreeKilled {
  /// How many processes were sent SIGKILL.
  std::size_t killed = 0;
  /// False when something could not be looked at for want of a descriptor, a thread or memory, or because there is no
  /// /proc: only the root, and the group that it leads, were killed for certain.
  bool searched = true;
};

/// Kills `root` and what it started. Best effort, see above; some tens of microseconds per process. Without a
/// descriptor left it looks from a thread of its own, which has a table of descriptors of its own.
/// @param leads_group  the child was started with new_session or process_group 0
TreeKilled kill_descendants_of(Child& root, bool leads_group);

/// A control group (version 2) of a child's own, made below a directory that the caller may write to.
class ControlGroup {
 public:
  ControlGroup() noexcept = default;
  /// Makes the group. Throws OsError when `parent` is no writable control group.
  explicit ControlGroup(const std::string& parent);
  /// Kills what is left in it, waits a little for the kernel, and removes it.
  ~ControlGroup();
  ControlGroup(ControlGroup&&) noexcept;
  ControlGroup& operator=(ControlGroup&&) noexcept;

  explicit operator bool() const noexcept { return !path_.empty(); }
  /// For SpawnPlan::cgroup_procs_fd.
  [[nodiscard]] int procs_fd() const noexcept { return procs_.get(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Kills all in it at once (cgroup.kill); where the kernel lacks that, one by one until none is left.
  void kill();
  /// True when nothing lives in it any more.
  [[nodiscard]] bool empty() const noexcept;

 private:
  std::string path_;
  Fd procs_;
};

}  // namespace cohort::os
