// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/watch_side.hpp"

#include "ring/side_lock.hpp"

namespace cohort::ring {

void watch_side(object::WatchPoint& point, RingSide& side) noexcept {
  point.part = &side;
  point.marks = &side.waiters;
  point.mark_bit = kPartners;
  point.wake_one = [](const object::WatchPoint& of) noexcept { wake_partners(*static_cast<RingSide*>(of.part), 1); };
}

}  // namespace cohort::ring
