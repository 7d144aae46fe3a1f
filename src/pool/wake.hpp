// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waking a worker that sleeps, by the owner or by another worker.
#pragma once

#include "os/futex.hpp"
#include "pool/layout.hpp"

namespace cohort::detail {

/// Has the worker look for work, whether it sleeps or is about to.
inline void wake(PoolShared& pool, WorkerShared& worker) noexcept {
  // Whoever takes the flag down counts it off. relaxed: the futex call orders
  if (worker.idle.exchange(0, std::memory_order_relaxed) != 0)
    pool.idle_workers.fetch_sub(1, std::memory_order_relaxed);
  worker.wake.fetch_add(1, std::memory_order_relaxed);  // relaxed: the futex call orders
  os::futex_wake(worker.wake, 1);
}

/// Wakes the worker if it sleeps; false, and one load, when it does not.
inline bool wake_if_idle(PoolShared& pool, WorkerShared& worker) noexcept {
  if (worker.idle.load(std::memory_order_relaxed) == 0) return false;  // relaxed: ordered by the caller's fence
  wake(pool, worker);
  return true;
}

}  // namespace cohort::detail
