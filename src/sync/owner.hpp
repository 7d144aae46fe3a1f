// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The owner of a lock, for people.
#pragma once

#include <cstdint>
#include <optional>

#include "cohort/sync/lock.hpp"

namespace cohort::sync {

/// Whom a lock word names; nullopt when nobody.
[[nodiscard]] std::optional<LockOwner> owner_of(std::uint64_t word);

}  // namespace cohort::sync
