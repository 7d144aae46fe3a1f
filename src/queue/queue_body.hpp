// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a queue is in the family memory: docs/formats/queue.md, in code.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ring/layout.hpp"

namespace cohort::queue {

struct QueueBody {
  ring::RingBody ring;
  std::uint64_t unused[16];  ///< what a JoinableQueue has there
};
static_assert(sizeof(QueueBody) == 448);

/// Of a new queue, in a body that has its final place. `max_items` 0: no bound.
void init_ring(ring::RingBody& ring, std::size_t max_items);

}  // namespace cohort::queue
