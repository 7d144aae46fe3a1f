// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Running what finalize() and register_after_fork() registered.
#pragma once

#include <mutex>

namespace cohort::detail {

/// Runs the finalizers of this process that have a priority of 0 or more, or all that are left.
void run_finalizers(bool before_children);
/// Keeps the list still around a fork by Cohort.
[[nodiscard]] std::unique_lock<std::mutex> lock_finalizers_for_fork();
/// Calls the functions of register_after_fork(), in the order of registration.
void run_after_fork();

}  // namespace cohort::detail
