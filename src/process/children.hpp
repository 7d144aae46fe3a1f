// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The children of this process: all that were started and are not known to have ended.
#pragma once

#include <memory>
#include <vector>

namespace cohort::detail {

class ProcessCore;

void add_child(std::shared_ptr<ProcessCore> core);
void remove_child(const ProcessCore& core) noexcept;
/// Those that still run; the others are reaped and dropped.
[[nodiscard]] std::vector<std::shared_ptr<ProcessCore>> running_children();
/// Terminates daemons (SIGTERM, after a second SIGKILL) and joins all others.
void end_children();
/// In a forked child: they are not ours.
void forget_children() noexcept;

}  // namespace cohort::detail
