// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/sync/thread_word.hpp: a thread's word is its number in the explored world + 1.
#pragma once

#include <cstdint>

#include "model/explorer.hpp"

namespace cohort::sync {

struct ThreadSelf {
  std::uint64_t word = 0;
  std::uint64_t member = 0;  // each is a process
  bool fences = false;
  std::int32_t cpu = -1;
};

inline ThreadSelf& this_thread() {
  static ThreadSelf selves[model::kMostThreads];
  std::size_t number = model::World::running()->self();
  selves[number].word = selves[number].member = number + 1;
  return selves[number];
}

inline bool thread_is_dead(std::uint64_t word, bool) {
  model::World& world = *model::World::running();
  world.pause();
  std::size_t thread = (word & 0xff) - 1;
  if (thread >= model::kMostThreads || !world.dead(thread)) return false;
  world.learn_of_death(thread);
  return true;
}

inline bool member_is_dead(std::uint64_t member, bool thorough) { return thread_is_dead(member, thorough); }

}  // namespace cohort::sync
