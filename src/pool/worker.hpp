// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The worker's side of a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cohort/pool/partial.hpp"

namespace cohort::detail {

/// What a worker process runs until the pool ends. `pool` is the Offset of the pool's block.
/// @param attributes  os::ProcessAttributes of the thread that made the pool; empty: those of the thread that started
/// this worker
void run_pool_worker(std::uint64_t pool, std::uint32_t worker, const Partial& initializer,
                     const std::vector<std::byte>& attributes);

}  // namespace cohort::detail
