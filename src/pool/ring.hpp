// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Access to a ring of entries in the pool's shared block: one side pushes, one or many take.
//
// A ring of completions is never full: it has as many places as there are tasks, and a task has one completion. The
// ring of work may be, by entries that were pushed again after a death; its owner looks before it pushes.
#pragma once

#include <cstdint>
#include <optional>

#include "pool/layout.hpp"

namespace cohort::detail {

inline constexpr std::uint64_t kRingMask = kTaskCapacity - 1;
static_assert((kTaskCapacity & kRingMask) == 0);

/// kLapBit of the entries that are pushed in the lap of that place. The ring's memory is zero at first, so the first
/// lap has 1.
[[nodiscard]] constexpr std::uint64_t lap_of(std::uint64_t place) noexcept {
  return (place / kTaskCapacity) % 2 == 0 ? kLapBit : 0;
}

/// By the one who owns the head: a push in two steps. From the first one on the entry can be taken. kLapBit of the
/// entry is 0.
inline void ring_write(RingShared& ring, std::uint64_t entry) noexcept {
  std::uint64_t head = ring.head.load(std::memory_order_relaxed);  // relaxed: only we write it
  // SYNC(ring): this release store -> acquire load of the entry in ring_front(); carries what it names, and the
  // pusher's look at the tail
  ring.entries[head & kRingMask].store(entry | lap_of(head), std::memory_order_release);
}
inline void ring_count(RingShared& ring) noexcept {
  // relaxed: only we write it, and others reckon with it behind a fence
  ring.head.store(ring.head.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}
inline void ring_push(RingShared& ring, std::uint64_t entry) noexcept {
  ring_write(ring, entry);
  ring_count(ring);
}

/// The one who owned the head has died. By the only one who takes from this ring, when it has taken all: there may be
/// one that the head does not count.
inline void ring_repair(RingShared& ring) noexcept {
  // relaxed: the next owner of the head starts after this
  ring.head.store(ring.tail.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

/// The oldest entry, and its place; nothing is taken.
struct RingEntry {
  std::uint64_t place;
  std::uint64_t value;
};
inline std::optional<RingEntry> ring_front(const RingShared& ring) noexcept {
  // SYNC(tail): release exchange in ring_take() -> this load
  std::uint64_t tail = ring.tail.load(std::memory_order_acquire);
  while (true) {
    // SYNC(ring): release store in ring_write() -> this load; carries what the entry names. When it is one of a later
    // lap, the pusher had seen a tail behind this place, and so do we in the next line.
    std::uint64_t word = ring.entries[tail & kRingMask].load(std::memory_order_acquire);
    if (((word ^ lap_of(tail)) & kLapBit) == 0) return RingEntry{tail, word & ~kLapBit};
    std::uint64_t again = ring.tail.load(std::memory_order_acquire);  // SYNC(tail): as above
    if (again == tail) return std::nullopt;
    tail = again;
  }
}

/// By the only one who takes from this ring.
inline std::optional<std::uint64_t> ring_pop(RingShared& ring) noexcept {
  auto front = ring_front(ring);
  if (!front) return std::nullopt;
  ring.tail.store(front->place + 1, std::memory_order_relaxed);  // relaxed: only we take
  return front->value;
}

/// Takes the entry at `place` off. False when another one has done so.
inline bool ring_take(RingShared& ring, std::uint64_t place) noexcept {
  // SYNC(tail): this release exchange -> acquire loads of tail in ring_front(), ring_is_full(); our look at the entry
  // comes before it
  return ring.tail.compare_exchange_strong(place, place + 1, std::memory_order_acq_rel, std::memory_order_relaxed);
}

/// True when a push would overwrite an entry that nobody has taken. By the one who pushes.
/// @param seen  the tail at the last look. As long as it says that there is room, the tail is left to those who move
/// it: a look at each
///              push would take its cache line away from them each time.
inline bool ring_is_full(const RingShared& ring, std::uint64_t& seen) noexcept {
  std::uint64_t head = ring.head.load(std::memory_order_relaxed);  // relaxed: only we write it
  if (head - seen < kTaskCapacity) return false;
  // SYNC(tail): release exchange in ring_take() -> this load; the taker's look at the place comes before our next store
  // there
  seen = ring.tail.load(std::memory_order_acquire);
  return head - seen >= kTaskCapacity;
}

/// How many entries nobody has taken. A look: it may be too large or too small by what happens meanwhile.
inline std::uint64_t ring_length(const RingShared& ring) noexcept {
  std::uint64_t tail = ring.tail.load(std::memory_order_relaxed);  // relaxed: a look, as the next
  std::uint64_t head = ring.head.load(std::memory_order_relaxed);
  return head > tail ? head - tail : 0;
}

/// True when there is something to take. A look: who acts on it takes.
inline bool ring_has_entries(const RingShared& ring) noexcept { return ring_front(ring).has_value(); }

}  // namespace cohort::detail
