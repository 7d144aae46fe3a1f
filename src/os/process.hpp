// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: this process among others: its threads, its bonds to parent and descendants, its standard streams.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "os/fd.hpp"

namespace cohort::os {

[[nodiscard]] pid_t process_id() noexcept;
[[nodiscard]] pid_t parent_process_id() noexcept;
[[nodiscard]] pid_t thread_id() noexcept;
/// Threads of this process now, without that of its bond (life_bond.hpp). 0.1 µs while it has never had a second one,
/// about 10 µs after.
[[nodiscard]] int thread_count() noexcept;
/// The same, but looks again for up to 10 ms while it is more than `expected`: a thread that was joined is listed until
/// the kernel has put it away.
[[nodiscard]] int settled_thread_count(int expected) noexcept;
/// fork(2), through the C library, so that its locks are sound in the child. Returns 0 in the child; throws OsError.
[[nodiscard]] pid_t fork_process();
/// Has the kernel send `signal` to this process when the *thread* that forked it ends; 0 takes that back.
void set_parent_death_signal(int signal) noexcept;
/// Orphaned descendants become children of this process instead of init's.
void become_subreaper() noexcept;
/// A pidfd of this process, close-on-exec, for children to watch; empty when the kernel has none. Throws OsError when
/// there is no descriptor or no memory left.
[[nodiscard]] Fd own_life();
/// A pidfd for `pid`, close-on-exec; empty when the process is gone or the kernel refuses.
[[nodiscard]] Fd open_pidfd(pid_t pid) noexcept;
/// What sending a signal came to.
enum class SignalOutcome {
  sent,
  gone,     ///< the process has ended
  refused,  ///< the kernel does not allow it, or has no such call
};
/// Sends a signal through a pidfd.
SignalOutcome send_signal(int pidfd, int signal) noexcept;

/// A child that has ended, without reaping it: pid and wait status. pid 0 when none has.
struct EndedChild {
  pid_t pid = 0;
  int wait_status = 0;
};
[[nodiscard]] EndedChild peek_ended_child() noexcept;
/// Reaps a child that has ended.
void reap_child(pid_t pid) noexcept;
/// Direct children of this process now.
[[nodiscard]] std::vector<pid_t> child_processes();
/// Kills and reaps all descendants until none is left. For a subreaper with one thread. Where the kernel does not list
/// children, those that are there are left to the parent-death signal.
void kill_descendants() noexcept;

/// Sends a signal to a child of this process that is not reaped yet.
void signal_child(pid_t pid, int signal) noexcept;

/// The working directory as a descriptor that only names it.
[[nodiscard]] Fd working_directory();
/// Enters a directory; false when that is refused.
[[nodiscard]] bool enter_directory(int fd) noexcept;
/// /dev/null, for reading and writing.
[[nodiscard]] Fd null_device();
/// Reads and drops what is there, without blocking. For non-blocking descriptors.
void drain(int fd) noexcept;
/// Opens /dev/null on descriptor 0.
void detach_standard_input() noexcept;
/// Makes `from` the descriptor `number`, inheritable.
void install_fd(int from, int number);
/// The secure value of an environment variable; empty when unset or when the program is privileged.
[[nodiscard]] std::string environment_variable(const char* name);
/// For a process with one thread.
void unset_environment_variable(const char* name) noexcept;
/// Bytes from the kernel's random source.
[[nodiscard]] std::array<std::byte, 32> random_bytes();
/// Flushes what coverage tools keep in memory, when there is one; then ends the process without running exit handlers.
[[noreturn]] void end_process(int status) noexcept;
/// Has the heap keep freed memory for reuse instead of giving it back at once; for processes that do one large task
/// after another.
void keep_freed_memory() noexcept;
/// Names the calling thread, at most 15 characters.
void name_thread(const char* name) noexcept;

}  // namespace cohort::os
