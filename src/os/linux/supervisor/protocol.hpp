// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a supervisor and the process that started it say to each other, over a pair of packet sockets. Both come from
// one build, so the layout is the compiler's. Closing the socket means "end everything".
#pragma once

namespace cohort::os::supervisor {

enum class Kind : int {
  // From the supervisor.
  started = 1,  ///< value: the program's pid
  failed = 2,   ///< value: errno, step: which call
  ended = 3,    ///< value: the wait status; nothing that the program started is left
  // To the supervisor.
  signal = 16,        ///< value: to the program
  signal_group = 17,  ///< value: to the group that the program leads
  kill_all = 18,
};

/// The call that failed before the program ran.
enum class Step : int { none, fork, setsid, setpgid, execve };

struct Message {
  Kind kind;
  int value;
  Step step;
  int bereaved;  ///< ended: the supervisor, or the watcher above it, was killed, and the other one has ended everything
  long user_microseconds;
  long system_microseconds;
  long max_resident_kib;
};

/// Flags of the supervisor's second argument.
constexpr int kNewSession = 1;
constexpr int kProcessGroup = 2;

/// argv: name, control descriptor, flags, process group, signal mask, number of files, the files, the program's argv.
constexpr int kFirstFile = 6;

}  // namespace cohort::os::supervisor
