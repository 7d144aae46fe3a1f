// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Work that only the processor limits: about a millisecond a task.
#pragma once

#include <cstdint>

namespace pool_life {

constexpr int kTasks = 400;

inline std::uint64_t busy(int seed) {
  auto state = static_cast<std::uint64_t>(seed) + 1;
  for (int i = 0; i < 800'000; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  return state;
}

}  // namespace pool_life
