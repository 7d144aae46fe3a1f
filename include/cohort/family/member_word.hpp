// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Whether this process is a member of its family, in two loads: what each use of a handle asks first.
#pragma once

#include <atomic>
#include <cstdint>

#include "cohort/base/export.hpp"

namespace cohort::detail {

/// Where this process keeps its member id: not 0 when it is a member. Zero in every copy of the process.
COHORT_EXPORT extern std::atomic<const std::atomic<std::uint64_t>*> member_word;

}  // namespace cohort::detail
