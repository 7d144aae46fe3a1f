// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Access to a ring of entries in the pool's shared block. Never full: it has as many places as there are tasks, and a task has
// at most one entry in a ring at a time but for jobs, whose number is small (kTaskCapacity − kMaxJobs tasks are handed out).
#pragma once

#include <cstdint>
#include <optional>

#include "pool/layout.hpp"

namespace cohort::detail {

inline constexpr std::uint64_t kRingMask = kTaskCapacity - 1;
static_assert((kTaskCapacity & kRingMask) == 0);

/// By the one who owns the head.
inline void ring_push(RingShared& ring, std::uint64_t entry) noexcept {
  std::uint64_t head = ring.head.load(std::memory_order_relaxed);          // relaxed: only we write it
  ring.entries[head & kRingMask].store(entry, std::memory_order_relaxed);  // relaxed: ordered by head
  // SYNC(ring): this release store -> acquire load of head in ring_pop(), ring_peek(); carries the entry and what it names
  ring.head.store(head + 1, std::memory_order_release);
}

/// By the one who owns the tail.
inline std::optional<std::uint64_t> ring_pop(RingShared& ring) noexcept {
  std::uint64_t tail = ring.tail.load(std::memory_order_relaxed);  // relaxed: only we write it
  // SYNC(ring): release store of head in ring_push() -> this load; carries the entry and what it names
  if (tail == ring.head.load(std::memory_order_acquire)) return std::nullopt;
  std::uint64_t entry = ring.entries[tail & kRingMask].load(std::memory_order_relaxed);  // relaxed: ordered by head
  ring.tail.store(tail + 1, std::memory_order_relaxed);  // relaxed: a hint to others; an entry read twice is harmless
  return entry;
}

/// True when there is something to pop.
inline bool ring_has_entries(const RingShared& ring) noexcept {
  // relaxed: a look; who acts on it pops
  return ring.head.load(std::memory_order_relaxed) != ring.tail.load(std::memory_order_relaxed);
}

}  // namespace cohort::detail
