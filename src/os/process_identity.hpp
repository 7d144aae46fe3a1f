// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: who a process is, so that a number that the system has given out again is never taken for it.
//
// A pid alone names a process only while somebody holds it back from reuse. A pid and the time at which the process
// started name it for as long as the machine runs. Nothing here allocates, and no call throws: all of it may run in
// a child that was just forked from a program with threads.
#pragma once

#include <cstdint>

#include "os/fd.hpp"

namespace cohort::os {

/// One process, for ever.
struct ProcessIdentity {
  std::int32_t pid = 0;          ///< 0: nobody
  std::uint64_t start_time = 0;  ///< clock ticks from boot to its start; 0 when the system would not say

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// The calling process. Reads /proc/self/stat (some µs): keep the result.
[[nodiscard]] ProcessIdentity process_identity_self() noexcept;

/// The process that has the number `pid` now. start_time is 0 when there is none, or none that we may look at.
[[nodiscard]] ProcessIdentity process_identity_of(std::int32_t pid) noexcept;

/// A pidfd of exactly that process: it becomes readable when the process has ended. Empty when it has ended and was
/// reaped, when the number belongs to another process by now, and where the system has no pidfds.
[[nodiscard]] Fd open_pidfd(const ProcessIdentity& identity) noexcept;

/// True while the process runs. False once it has ended, reaped or not: a zombie is dead. A process whose main thread
/// has called pthread_exit while others go on is alive. When the system refuses every way to look, the answer is
/// true: death is never guessed. Costs 3 to 5 system calls; 100 µs in a process that has no descriptor left.
[[nodiscard]] bool is_alive(const ProcessIdentity& identity) noexcept;

/// True while thread `tid` of the process with the number `pid`, which runs, has not ended. A thread is told from a
/// later one with the same number by the low 16 bits of its start time, process_identity_of(tid).start_time; 0: not
/// known.
/// When the system refuses to say, the answer is true. Costs 4 system calls.
[[nodiscard]] bool thread_is_alive(std::int32_t pid, std::int32_t tid, std::uint16_t start_time_low) noexcept;

/// True when the process behind a pidfd has ended.
[[nodiscard]] bool pidfd_has_ended(int pidfd) noexcept;
/// True when `fd` is a pidfd, and of the process with the number `pid` if that is not 0. Where the system does not say
/// what an open descriptor is, the answer is true. Some 5 µs.
[[nodiscard]] bool is_pidfd(int fd, std::int32_t pid = 0) noexcept;

/// True when the process is stopped, by a signal or a debugger: it does nothing until somebody continues it. False when
/// the system does not say. Some 10 µs.
[[nodiscard]] bool is_stopped(const ProcessIdentity& identity) noexcept;
/// The wait status of a process that has ended and that its parent has not reaped yet. -1: it is not one, or the system
/// does not say; where it keeps statuses from us, 0 may stand for any.
[[nodiscard]] int unreaped_status(std::int32_t pid) noexcept;

/// False when the process certainly has no mapping of the memory object with that number (memory_number in memory.hpp):
/// it has replaced its program by exec(). True when it has one or the system would not say. Costs some 50 µs.
[[nodiscard]] bool may_map_memory(const ProcessIdentity& identity, std::uint64_t memory_number) noexcept;

/// How often is_alive() and open_pidfd() had to do without pidfds in this process, its own limit of descriptors aside;
/// 0 where Cohort is at home.
[[nodiscard]] std::uint64_t pidfd_fallbacks() noexcept;

/// A number for the set of process numbers that this process sees (its pid namespace); 0 when unknown. Processes with
/// different numbers cannot name each other by pid.
[[nodiscard]] std::uint64_t process_namespace() noexcept;

}  // namespace cohort::os
