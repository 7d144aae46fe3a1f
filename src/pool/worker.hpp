// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The worker's side of a pool.
#pragma once

#include <cstdint>

#include "cohort/pool/partial.hpp"

namespace cohort::detail {

/// What a worker process runs until the pool ends. `pool` is the Offset of the pool's block.
void run_pool_worker(std::uint64_t pool, std::uint32_t worker, const Partial& initializer);

}  // namespace cohort::detail
