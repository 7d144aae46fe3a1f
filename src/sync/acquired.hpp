// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How an attempt to get hold of something ended.
#pragma once

#include <cstdint>
#include <string_view>

#include "cohort/base/until.hpp"
#include "park/wait_word.hpp"

namespace cohort::sync {

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

/// What a call of the user's returns: false at the deadline. Throws Stopped.
[[nodiscard]] inline bool succeeded(Acquired result, std::string_view operation) {
  if (result == Acquired::stopped) detail::throw_stopped(operation);
  return result == Acquired::yes;
}

}  // namespace cohort::sync
