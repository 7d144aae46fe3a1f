// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/sync/thread_word.hpp in ring_model_test.cpp.
#pragma once

#include <cstdint>

namespace cohort::sync {

struct ThreadSelf {
  std::uint64_t word = 0;
};
ThreadSelf& this_thread();
bool thread_is_dead(std::uint64_t word, bool thorough);

}  // namespace cohort::sync
