// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a side of a ring among other things.
#pragma once

#include "object/watch_point.hpp"
#include "ring/layout.hpp"

namespace cohort::ring {

/// Has those who wait by `point` marked as sleepers for progress of `side`.
void watch_side(object::WatchPoint& point, RingSide& side) noexcept;

}  // namespace cohort::ring
