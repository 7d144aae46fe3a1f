// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Time points of any clock as deadlines, for the verbs that std::unique_lock and std::shared_lock call.
#pragma once

#include <chrono>

#include "cohort/base/deadline.hpp"

namespace cohort::detail {

template <class Clock, class Duration>
Deadline deadline_at(const std::chrono::time_point<Clock, Duration>& point) {
  if constexpr (std::is_same_v<Clock, Deadline::Clock>)
    return Deadline(std::chrono::time_point_cast<Deadline::Clock::duration>(point));
  else
    return Deadline(point - Clock::now());
}

}  // namespace cohort::detail
