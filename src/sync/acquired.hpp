// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How an attempt to get hold of something ended.
#pragma once

#include <cstdint>

#include "park/wait_word.hpp"

namespace cohort::sync {

using detail::Until;

/// Why acquire() came back.
enum class Acquired : std::uint8_t {
  yes,
  timed_out,
  stopped,
  deadlock,  ///< it would wait for the caller itself; only where that can be seen at no cost
};

[[nodiscard]] constexpr Acquired acquired(const park::Waited& waited) noexcept {
  switch (waited.end) {
    case park::Waited::End::timed_out: return Acquired::timed_out;
    case park::Waited::End::stopped: return Acquired::stopped;
    default: return Acquired::yes;
  }
}

}  // namespace cohort::sync
