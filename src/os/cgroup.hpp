// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Port contract: the limits that a control group sets for this process. Absent limits are nullopt.
#pragma once

#include <cstdint>
#include <optional>

namespace cohort::os {

/// The least memory limit in bytes on the way from this process's group to the root.
[[nodiscard]] std::optional<std::uint64_t> cgroup_memory_limit() noexcept;
/// Processors' worth of time that the group may use; 1.5 means one and a half.
[[nodiscard]] std::optional<double> cgroup_cpu_limit() noexcept;

}  // namespace cohort::os
