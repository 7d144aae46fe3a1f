// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Who of a pool's workers sleeps, and waking them: by the owner, and by a worker that leaves work for others.
//
// A worker that sleeps has its bit in PoolShared::idle. Whoever wakes it takes the bit down first, so that two never
// wake the same one; a waker that dies in between leaves a sleeper without a bit, which repair_after_death() wakes.
// docs/formats/pool.md has the protocol.
#pragma once

#include <bit>

#include "park/wait_word.hpp"
#include "pool/layout.hpp"

namespace cohort::detail {

[[nodiscard]] constexpr std::uint32_t idle_words(const PoolShared& pool) noexcept {
  return (pool.worker_capacity + 63) / 64;
}
[[nodiscard]] constexpr std::uint64_t idle_bit(std::uint32_t worker) noexcept {
  return std::uint64_t{1} << (worker % 64);
}

/// How to spin for a partner. When more processes want to run than there are processors, each look gives the processor
/// away, which may take a slice of its time: the clock is read at each. When the partner was last seen on this very
/// processor there is no spin.
[[nodiscard]] constexpr park::SpinPolicy spin_policy(bool crowded) noexcept {
  return {
      .looks = 1u << 20, .looks_beside = 0, .most_pauses = 1, .looks_per_clock = crowded ? 1U : 32U, .yields = crowded};
}

/// True when the worker sleeps or is about to.
[[nodiscard]] inline bool is_idle(const PoolShared& pool, std::uint32_t worker) noexcept {
  // relaxed: ordered by the caller's fence
  return (pool.idle[worker / 64].load(std::memory_order_relaxed) & idle_bit(worker)) != 0;
}
/// How many sleep or are about to.
[[nodiscard]] inline std::uint32_t idle_workers(const PoolShared& pool) noexcept {
  int sum = 0;
  // relaxed: ordered by the caller's fence, or a hint
  for (std::uint32_t i = 0; i < idle_words(pool); ++i)
    sum += std::popcount(pool.idle[i].load(std::memory_order_relaxed));
  return static_cast<std::uint32_t>(sum);
}
/// The first that does not sleep, as far as one can see; 0 when all do.
[[nodiscard]] inline std::uint32_t first_awake(const PoolShared& pool) noexcept {
  for (std::uint32_t i = 0; i < idle_words(pool); ++i) {
    std::uint64_t awake = ~pool.idle[i].load(std::memory_order_relaxed);  // relaxed: a hint
    std::uint32_t worker = i * 64 + static_cast<std::uint32_t>(std::countr_zero(awake));
    if (awake != 0) return worker < pool.worker_capacity ? worker : 0;
  }
  return 0;
}
[[nodiscard]] inline bool anyone_idle(const PoolShared& pool) noexcept {
  for (std::uint32_t i = 0; i < idle_words(pool); ++i)
    if (pool.idle[i].load(std::memory_order_relaxed) != 0) return true;  // relaxed: as above
  return false;
}

// ---- the worker itself ----------------------------------------------------------------------------------------------

/// From now on it does not look for work: it has taken an entry. When more wait, beside `ours`, than others look for
/// one, one that sleeps is woken.
void become_busy(PoolShared& pool, std::uint32_t worker, std::uint64_t ours) noexcept;
/// From now on it looks for work, or sleeps.
void become_free(PoolShared& pool, std::uint32_t worker) noexcept;
/// Sleeps until there is an entry, or the pool ends, or it is woken. It is free.
void sleep_for_work(PoolShared& pool, std::uint32_t worker);

// ---- others ---------------------------------------------------------------------------------------------------------

/// Has the worker look for work, whether it sleeps or not.
void wake_worker(PoolShared& pool, std::uint32_t worker) noexcept;
/// Wakes one that sleeps. False when none does.
bool wake_sleeper(PoolShared& pool) noexcept;
/// Wakes one that sleeps if more entries wait than workers look for one. The caller has pushed or taken an entry, and a
/// fence is between.
/// @param first  a worker that may well be looking; those after it are asked next
/// @param ours   entries that are left in the ring though they need nobody else
void wake_for_work(PoolShared& pool, std::uint32_t first, std::uint64_t ours = 0) noexcept;
/// What a dead worker left in the shared words is put right, and those are woken whom it may have been about to wake.
void repair_after_death(PoolShared& pool, std::uint32_t worker) noexcept;

}  // namespace cohort::detail
