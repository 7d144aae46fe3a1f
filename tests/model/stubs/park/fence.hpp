// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// In the place of src/park/fence.hpp: the remote fence of the explored world, which may be left out.
#pragma once

#include "model/word.hpp"

namespace cohort::park {

enum class Fences : unsigned char { light_and_heavy, both_full };

inline void light_fence(bool) {}
inline void full_fence() {
  if (model::planted != model::Fault::no_heavy_fence) model::World::running()->fence(std::memory_order_seq_cst);
}
inline void heavy_fence() {
  if (model::planted != model::Fault::no_heavy_fence) model::World::running()->remote_fence();
}

}  // namespace cohort::park
