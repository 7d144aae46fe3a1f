// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The child's side of spawn(): what it is told and what it answers. Plain data and raw calls only, because the
// child may share the parent's memory and, if not, has a copy of locks that nobody will ever release.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace cohort::os {

/// Signals as the kernel counts them (the C library's sigset_t is larger).
using KernelSignalSet = std::uint64_t;
constexpr int kSignalCount = 64;

enum class ChildStep : int {
  none,
  cgroup,
  fchdir,
  dup2,
  chdir,
  setsid,
  setpgid,
  setrlimit,
  nice,
  sched_setaffinity,
  setgroups,
  setgid,
  setuid,
  subreaper,
  no_new_privileges,
  parent_death_signal,
  close_fds,
  execve,
};
[[nodiscard]] const char* step_name(ChildStep step) noexcept;

/// What went wrong; `detail` is the descriptor or resource that it was about.
struct ChildReport {
  ChildStep step = ChildStep::none;
  int error = 0;
  int detail = 0;
};

struct ChildFd {
  int child;
  int source;
};

/// Laid out as prlimit64 takes it.
struct ChildLimit {
  int resource;
  struct {
    std::uint64_t soft;
    std::uint64_t hard;
  } value;
};

/// All that the child needs, prepared by the parent; pointers belong to the parent.
struct ChildOrders {
  char* const* executables = nullptr;
  int executable_fd = -1;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* cwd = nullptr;
  int cwd_fd = -1;
  ChildFd* fds = nullptr;
  std::size_t fd_count = 0;
  const int* kept = nullptr;  ///< the child's numbers, sorted
  std::size_t kept_count = 0;
  bool close_standard[3] = {false, false, false};
  bool close_fds = true;
  bool restore_signals = true;
  bool default_signals = false;
  bool new_session = false;
  bool set_groups = false;
  bool set_gid = false;
  bool set_uid = false;
  bool set_nice = false;
  bool no_new_privileges = false;
  bool subreaper = false;
  bool no_close_range = false;
  bool no_proc = false;
  bool handlers_cleared = false;  ///< the kernel has reset them at birth
  KernelSignalSet signal_mask = 0;
  pid_t process_group = -1;
  int umask = -1;
  const gid_t* groups = nullptr;
  std::size_t group_count = 0;
  gid_t gid = 0;
  uid_t uid = 0;
  const ChildLimit* limits = nullptr;
  std::size_t limit_count = 0;
  int nice = 0;
  const unsigned long* cpus = nullptr;
  std::size_t cpu_bytes = 0;
  int parent_death_signal = 0;
  pid_t parent = 0;
  int cgroup_procs_fd = -1;
  int report_fd = -1;  ///< where errors go when memory is not shared

  // Answers.
  ChildReport report;
  bool used_no_close_range = false;
  bool used_no_proc = false;
};

/// The child's main: `orders` is a ChildOrders. Does not return.
int child_main(void* orders) noexcept;

}  // namespace cohort::os
