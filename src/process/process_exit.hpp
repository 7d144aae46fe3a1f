// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The normal end of a process: finalizers, daemons, children, in this order.
#pragma once

namespace cohort::detail {

/// Has run_process_exit() called at exit(3). Idempotent.
void register_process_exit();
/// Finalizers of priority 0 and more; SIGTERM, then SIGKILL, to daemons; join of all other children; the remaining
/// finalizers; the fork server's end. Runs once.
void run_process_exit() noexcept;
/// In a forked child: nothing has been registered or run.
void reset_process_exit() noexcept;

}  // namespace cohort::detail
