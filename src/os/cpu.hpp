// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: how many processors this process may use, and where it runs now.
#pragma once

namespace cohort::os {

/// Processors that this process may use at once: the least of its affinity mask and its cgroup's quota (rounded up),
/// at least 1.
[[nodiscard]] int usable_cpus() noexcept;
/// Processors of the machine that are on line.
[[nodiscard]] int machine_cpus() noexcept;
/// Lets another thread that waits for this processor run. 0.4 µs when there is none.
void yield_processor() noexcept;
/// The processor that the calling thread runs on at this moment; -1 when unknown.
[[nodiscard]] int current_cpu() noexcept;

}  // namespace cohort::os
