// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Access to a ring of entries in the pool's shared block: one side pushes, one or many take.
//
// A ring of completions is never full: it has as many places as there are tasks, and a task has one completion. The ring of work may be,
// by entries that were pushed again after a death; its owner looks before it pushes.
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
  // SYNC(ring): this release store -> acquire load of head in ring_pop(), ring_front(); carries the entry and what it names
  ring.head.store(head + 1, std::memory_order_release);
}

/// By the only one who takes from this ring.
inline std::optional<std::uint64_t> ring_pop(RingShared& ring) noexcept {
  std::uint64_t tail = ring.tail.load(std::memory_order_relaxed);  // relaxed: only we write it
  // SYNC(ring): release store of head in ring_push() -> this load; carries the entry and what it names
  if (tail == ring.head.load(std::memory_order_acquire)) return std::nullopt;
  std::uint64_t entry = ring.entries[tail & kRingMask].load(std::memory_order_relaxed);  // relaxed: ordered by head
  ring.tail.store(tail + 1, std::memory_order_relaxed);  // relaxed: a hint to others; an entry read twice is harmless
  return entry;
}

/// The oldest entry of a ring from which many take, and its place; nothing is taken.
struct RingEntry {
  std::uint64_t place;
  std::uint64_t value;
};
inline std::optional<RingEntry> ring_front(const RingShared& ring) noexcept {
  // SYNC(tail): release exchange in ring_take() -> this load; a head that is older than the tail is not seen
  std::uint64_t tail = ring.tail.load(std::memory_order_acquire);
  // SYNC(ring): release store of head in ring_push() -> this load; carries the entry and what it names
  if (tail == ring.head.load(std::memory_order_acquire)) return std::nullopt;
  return RingEntry{tail, ring.entries[tail & kRingMask].load(std::memory_order_relaxed)};  // relaxed: ordered by head
}

/// Takes the entry at `place` off. False when another one has done so.
inline bool ring_take(RingShared& ring, std::uint64_t place) noexcept {
  // SYNC(tail): this release exchange -> acquire loads of tail in ring_front(), ring_is_full(); our look at the entry comes before it
  return ring.tail.compare_exchange_strong(place, place + 1, std::memory_order_acq_rel, std::memory_order_relaxed);
}

/// True when a push would overwrite an entry that nobody has taken. By the one who pushes.
/// @param seen  the tail at the last look. As long as it says that there is room, the tail is left to those who move it: a look at each
///              push would take its cache line away from them each time.
inline bool ring_is_full(const RingShared& ring, std::uint64_t& seen) noexcept {
  std::uint64_t head = ring.head.load(std::memory_order_relaxed);  // relaxed: only we write it
  if (head - seen < kTaskCapacity) return false;
  // SYNC(tail): release exchange in ring_take() -> this load; the taker's look at the place comes before our next store there
  seen = ring.tail.load(std::memory_order_acquire);
  return head - seen >= kTaskCapacity;
}

/// How many entries nobody has taken. A look: it may be too large or too small by what happens meanwhile.
inline std::uint64_t ring_length(const RingShared& ring) noexcept {
  std::uint64_t tail = ring.tail.load(std::memory_order_relaxed);  // relaxed: a look, as the next
  std::uint64_t head = ring.head.load(std::memory_order_relaxed);
  return head > tail ? head - tail : 0;
}

/// True when there is something to pop.
inline bool ring_has_entries(const RingShared& ring) noexcept {
  // relaxed: a look; who acts on it pops
  return ring.head.load(std::memory_order_relaxed) != ring.tail.load(std::memory_order_relaxed);
}

}  // namespace cohort::detail
