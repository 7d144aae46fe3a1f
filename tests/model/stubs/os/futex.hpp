// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/os/futex.hpp: sleeping and waking in the explored world.
#pragma once

#include <cstdint>

#include "cohort/base/deadline.hpp"
#include "model/word.hpp"

namespace cohort::os {

enum class FutexWait { woken, changed, timed_out };

inline FutexWait futex_wait(const model::Atomic<std::uint32_t>& word, std::uint32_t expected, Deadline) {
  switch (model::World::running()->sleep(&word, word.peek(), expected)) {
    case model::World::Woken::changed: return FutexWait::changed;
    case model::World::Woken::timed_out: return FutexWait::timed_out;
    default: return FutexWait::woken;
  }
}
inline int futex_wake(const model::Atomic<std::uint32_t>& word, int count) {
  return model::planted == model::Fault::no_wake ? 0 : model::World::running()->wake(&word, count);
}
inline int futex_wake_all(const model::Atomic<std::uint32_t>& word) { return futex_wake(word, 1000); }
inline void spin_pause() {}

}  // namespace cohort::os
