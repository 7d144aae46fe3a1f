// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In place of src/family/lock.hpp: nobody gives up.
#pragma once

#include <exception>

#include "cohort/base/deadline.hpp"

namespace cohort::family {

struct LockedOut : std::exception {};
struct LockDeadline {
  [[nodiscard]] static Deadline for_this_wait() noexcept { return {}; }
};

}  // namespace cohort::family
