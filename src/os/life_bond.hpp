// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: this process ends when another one does.
//
// Starts a thread: one that the C library does not know, whose stack is static memory and which makes system calls
// only.
// So the bond needs neither the heap nor a lock, which a fork could have copied in the held state, and nothing that the
// process does to its memory, its descriptors or its other threads breaks it (docs/design/0016).
#pragma once

#include <sys/types.h>

namespace cohort::os {

/// Ends this process with 137, without handlers, once the process behind `pidfd` has ended; at once if it has already.
/// A process has one bond; a forked copy has none and may make one. Raw calls only: it may be called right after a
/// fork.
/// @param pidfd       must stay open here; the thread keeps a copy that the process cannot close. -1: look at getppid()
///                    every 50 ms instead
/// @param parent_pid  what getppid() gives while the other one lives
/// @returns           0, or errno: EAGAIN when the process may have no further thread
[[nodiscard]] int bind_life(int pidfd, pid_t parent_pid) noexcept;
/// 1 in a process that is bound, as the thread is listed among its threads; else 0.
[[nodiscard]] int bond_threads() noexcept;

}  // namespace cohort::os
