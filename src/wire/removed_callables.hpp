// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How often callables have gone with their module: who remembers one by its address must forget it then, as another may
// be in its place.
#pragma once

#include <cstdint>

namespace cohort::detail {

/// Grows with each descriptor that is destroyed. Costs one load.
[[nodiscard]] std::uint64_t removed_callables() noexcept;

}  // namespace cohort::detail
