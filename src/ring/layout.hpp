// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The layout of rings in the family memory: docs/formats/queue.md, in code. Who writes which field, and what a death
// leaves behind, stands there.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "family/layout.hpp"

namespace cohort::ring {

using family::Offset;

/// One of the two sides of a ring: where producers are (in), or consumers (out).
struct alignas(64) RingSide {
  // Written under `lock`.
  std::atomic<std::uint64_t> lock;              ///< 0 free, or the thread word of the holder (docs/formats/sync.md)
  std::atomic<std::uint32_t> waiters;           ///< kLockWaiters, kPartners; set by who is about to sleep
  std::atomic<std::uint32_t> cpu;               ///< of the last holder, + 1; a hint
  std::atomic<std::uint64_t> segment;           ///< where this side is; 0: none yet
  std::atomic<std::uint64_t> segment_pending;   ///< in: a segment being appended; out: being removed
  std::atomic<std::uint64_t> block_in_transit;  ///< a block being handed over
  std::atomic<std::uint64_t> position_before;   ///< `position` before that
  std::atomic<std::uint64_t> other_seen;        ///< the other side's position, some time ago
  std::uint64_t object;  ///< Offset of the body to ring for when this side goes on; 0: none; constant

  // Looked at by the other side.
  alignas(64) std::atomic<std::uint64_t> position;  ///< its store is what makes a put or get happen
  std::atomic<std::uint32_t> progress;              ///< futex: for those who wait for this side to go on
  std::atomic<std::uint32_t> takeovers;             ///< times that the lock was taken from a dead holder
  std::atomic<std::uint32_t> look_delay;            ///< out: pauses before a look that finds little; a hint
};
static_assert(sizeof(RingSide) == 128 && offsetof(RingSide, position) == 64 && offsetof(RingSide, other_seen) == 48);

struct RingBody {
  RingSide in;
  RingSide out;
  std::uint64_t max_items;  ///< 0: no bound; constant
  std::uint64_t spare[7];
};
static_assert(sizeof(RingBody) == 320);

// ---- positions: items(30) | units(34), each modulo ------------------------------------------------------------------

inline constexpr unsigned kUnitBits = 34;
inline constexpr std::uint64_t kUnitMask = (std::uint64_t{1} << kUnitBits) - 1;
inline constexpr std::uint64_t kItemMask = (std::uint64_t{1} << (64 - kUnitBits)) - 1;
inline constexpr std::uint64_t kMostItems = kItemMask;
inline constexpr std::uint64_t kMostUnits = std::uint64_t{1} << (kUnitBits - 1);

[[nodiscard]] constexpr std::uint64_t units_of(std::uint64_t position) noexcept { return position & kUnitMask; }
[[nodiscard]] constexpr std::uint64_t items_of(std::uint64_t position) noexcept { return position >> kUnitBits; }
/// Items and units of `to` − `from`.
[[nodiscard]] constexpr std::uint64_t items_between(std::uint64_t from, std::uint64_t to) noexcept {
  return (items_of(to) - items_of(from)) & kItemMask;
}
[[nodiscard]] constexpr std::uint64_t units_between(std::uint64_t from, std::uint64_t to) noexcept {
  return (to - from) & kUnitMask;
}
/// `items` more than `position`, at `units`.
[[nodiscard]] constexpr std::uint64_t moved(std::uint64_t position, std::uint64_t items, std::uint64_t units) noexcept {
  return (items_of(position) + items) << kUnitBits | (units & kUnitMask);
}

// ---- segments -------------------------------------------------------------------------------------------------------

inline constexpr std::uint64_t kUnit = 8;
inline constexpr std::uint64_t kSegmentMagic = 0x4745534744414f43;
inline constexpr std::uint64_t kLeft = std::uint64_t{1} << 63;  ///< in Segment::end: producers have left
inline constexpr std::uint64_t kFirstSegment = std::uint64_t{64} << 10;
inline constexpr std::uint64_t kSegmentBytes = std::uint64_t{1} << 20;

struct alignas(64) Segment {
  std::atomic<std::uint64_t> magic;  ///< kSegmentMagic ^ own offset
  std::atomic<std::uint64_t> units;  ///< a power of two; constant
  std::atomic<std::uint64_t> start;  ///< units of the position at which producers came; constant
  std::atomic<std::uint64_t> end;    ///< kLeft | units of the position at which they left
  std::atomic<std::uint64_t> next;   ///< valid when `end` is
  std::uint64_t spare[3];
};
inline constexpr std::uint64_t kHeaderUnits = sizeof(Segment) / kUnit;
static_assert(sizeof(Segment) == 64);

// ---- records --------------------------------------------------------------------------------------------------------

enum class RecordKind : std::uint32_t { pad = 1, bytes = 2, block = 3, piece = 8 };
inline constexpr std::uint32_t kWithParcel = 4;  ///< beside the kind: the payload begins with a parcel's Offset

/// Payload of a piece: part of a message that its sender sends while it is received (docs/formats/pipe.md). Begins as
/// that of a block does.
struct PieceWords {
  std::uint64_t block, start, size;
  std::uint64_t sender;  ///< thread word of who sends, and holds `in` from the first piece to the last
  std::uint64_t number;  ///< of the message, unique in the family
  std::uint64_t total;   ///< bytes of the message
  std::uint64_t offset;  ///< of this piece in it
};
static_assert(sizeof(PieceWords) == 56);

[[nodiscard]] constexpr std::uint64_t record_header(std::uint32_t bytes, std::uint32_t kind,
                                                    std::uint64_t units) noexcept {
  return units << 36 | static_cast<std::uint64_t>(kind) << 32 | bytes;
}
[[nodiscard]] constexpr std::uint32_t record_bytes(std::uint64_t header) noexcept {
  return static_cast<std::uint32_t>(header);
}
[[nodiscard]] constexpr std::uint32_t record_kind(std::uint64_t header) noexcept { return header >> 32 & 0xf; }
/// Whether that is the header of a record at `units`.
[[nodiscard]] constexpr bool is_record_at(std::uint64_t header, std::uint64_t units) noexcept {
  return header >> 36 == (units << 36) >> 36;
}
[[nodiscard]] constexpr std::uint64_t record_units(std::uint64_t bytes) noexcept {
  return 1 + (bytes + kUnit - 1) / kUnit;
}

}  // namespace cohort::ring
