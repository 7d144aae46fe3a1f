// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: starting a program.
//
// A SpawnPlan says everything about the child; spawn() prepares it in the parent, so that the child's side between
// its birth and exec makes only raw system calls: no allocation, no lock, no code of the user. The child shares the
// parent's memory while the parent's thread waits (the vfork way), so the price does not grow with the parent; only
// a change of ids takes a real fork, because another user's process must not share our memory, not even briefly.
//
//   SpawnPlan plan;
//   plan.argv = {"ls", "-l"};
//   plan.executables = search_path("ls", plan.environment);
//   plan.fds = {{1, pipe.second.get()}};
//   Spawned started = spawn(plan);
//
// Threads: any number may spawn at once. Signals: all are blocked for the calling thread while the child is made.
// The child's handlers are reset to default; ignored signals stay ignored. Death of the parent: see
// parent_death_signal.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/fd.hpp"

namespace cohort::os {

/// The child's descriptor `child` is to be the parent's `parent`. Any permutation and overlap is right.
struct FdMapping {
  int child;
  int parent;
};

/// One resource limit, as setrlimit takes it; UINT64_MAX is "no limit".
struct ResourceLimit {
  int resource;
  std::uint64_t soft;
  std::uint64_t hard;
};

/// All about a child that is to be started.
struct SpawnPlan {
  /// Files to execute, tried in order until one works; see search_path(). Empty: argv[0] as a path.
  std::vector<std::string> executables;
  /// A file to execute instead, by descriptor (close-on-exec is fine, scripts are not); -1: the files above.
  int executable_fd = -1;
  /// The name for errors of exec; empty: argv[0].
  std::string program;
  /// The argument vector, never empty.
  std::vector<std::string> argv;
  /// The whole environment as "NAME=value"; nullopt: the parent's, as it is at the launch.
  std::optional<std::vector<std::string>> environment;
  /// Where the child starts; relative executables are resolved there. The path wins over the descriptor.
  std::optional<std::string> cwd;
  int cwd_fd = -1;
  /// Descriptors the child gets. What is not named here is inherited if it is 0 to 2 or, without close_fds,
  /// if it is not close-on-exec. Child numbers must be distinct.
  std::vector<FdMapping> fds;
  /// Of 0, 1, 2: those that the child is not to have at all.
  std::vector<int> closed_fds;
  /// Closes everything from 3 on that `fds` does not name, also above a lowered RLIMIT_NOFILE.
  bool close_fds = true;
  /// SIGPIPE and SIGXFSZ back to default, whatever the parent does with them.
  bool restore_signals = true;
  /// All signals to default, also those that the parent ignores.
  bool default_signals = false;
  /// Signals blocked in the child; nullopt: what the calling thread blocks.
  std::optional<std::vector<int>> blocked_signals;
  bool new_session = false;
  /// setpgid(0, n); 0 makes a group of the child's own.
  std::optional<pid_t> process_group;
  std::optional<unsigned> umask;
  /// Set in the order groups, gid, uid. A change of these takes a real fork.
  std::optional<std::vector<gid_t>> groups;
  std::optional<gid_t> gid;
  std::optional<uid_t> uid;
  std::vector<ResourceLimit> limits;
  /// Added to the parent's niceness.
  std::optional<int> nice;
  /// CPUs the child may run on; empty: inherited.
  std::vector<int> cpus;
  /// Sent to the child when the *thread* that spawned it ends; 0: none. A parent that is already gone when the
  /// child asks for it is noticed, and the child does not start.
  int parent_death_signal = 0;
  /// An open, writable cgroup.procs of the group the child is to live in; -1: inherited.
  int cgroup_procs_fd = -1;
  bool no_new_privileges = false;
  /// Makes the child a subreaper: its orphaned descendants become its own children.
  bool subreaper = false;
  /// Puts a supervisor between us and the program: it ends all descendants when the program ends, when it is told to,
  /// and when we die. Only through Child::start().
  bool contain = false;
  /// Takes a real fork even where sharing memory would do.
  bool copy_memory = false;
};

/// A started child: its program runs (exec has succeeded). Nobody has waited for it.
struct Spawned {
  pid_t pid = -1;
  /// Close-on-exec; null where the kernel or a seccomp filter refuses pidfds.
  Fd pidfd;
};

/// Starts the child.
///
/// Throws SpawnError whose operation() is the step that failed ("clone", "dup2", "chdir", "setuid", "execve" …) and
/// whose subject() is what it was about (the directory for "chdir", the program for "execve"); the child is then
/// already reaped. Throws ValueError for a plan that cannot be carried out (a NUL in a string, two mappings for one
/// number). Blocks until the child has executed its program.
[[nodiscard]] Spawned spawn(const SpawnPlan& plan);

/// The files that `program` may mean: itself if it has a slash, else one for each directory of PATH in
/// `environment` (nullopt: the parent's), which is "/bin:/usr/bin" when unset.
[[nodiscard]] std::vector<std::string> search_path(std::string_view program,
                                                   const std::optional<std::vector<std::string>>& environment);

/// How often something better was not available and the fallback was taken; all 0 on a current Linux.
struct SpawnFallbacks {
  std::uint64_t no_shared_memory;  ///< vfork semantics are emulated (valgrind): a real fork was made
  std::uint64_t no_clone_pidfd;    ///< the pidfd was opened after the birth
  std::uint64_t no_pidfd;          ///< there is none
  std::uint64_t no_close_range;    ///< descriptors were found through /proc/self/fd
  std::uint64_t no_clone3;         ///< the child reset the signal handlers one by one
  std::uint64_t no_proc;           ///< descriptors were closed one by one up to the limit
};
[[nodiscard]] SpawnFallbacks spawn_fallbacks() noexcept;

/// For tests: behave as if these were missing.
enum ForcedFallback : unsigned {
  force_none = 0,
  force_no_shared_memory = 1,
  force_no_clone_pidfd = 2,
  force_no_pidfd = 4,
  force_no_close_range = 8,
  force_no_proc = 16,
  force_no_clone3 = 32,
  force_no_executable_memory = 64,
};
void force_spawn_fallbacks(unsigned forced) noexcept;
[[nodiscard]] bool is_forced(ForcedFallback which) noexcept;

}  // namespace cohort::os
