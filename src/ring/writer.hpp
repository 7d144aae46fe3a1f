// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Appending records to a ring, for who holds `in`. What is done to segments and records, and in which order, is
// docs/formats/queue.md "Transitions and death".
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "cohort/ring/received_message.hpp"
#include "family/family.hpp"
#include "os/prefetch.hpp"
#include "ring/damage.hpp"
#include "ring/layout.hpp"
#include "ring/side_lock.hpp"

namespace cohort::ring {

/// Finishes or takes back what a dead holder of `in` began. Without the other side's lock.
void repair_in(RingBody& ring);

/// How far before it is written a producer asks for a line: 4 lines, some puts of a small item.
inline constexpr std::uint64_t kUnitsAhead = 32;

/// Holds `in` while it exists, and appends records.
class Writer {
 public:
  explicit Writer(RingBody& ring) : ring_(ring), family_(family::Family::instance()), guard_(ring.in) {
    if (guard_.taken_over()) [[unlikely]] {
      repair_in(ring);
      guard_.mark_repaired();
    }
    position_ = ring.in.position.load(std::memory_order_relaxed);  // relaxed: written under the lock
    note_processor(ring.in, position_);
  }

  /// Whether the bound of items allows another record.
  [[nodiscard]] bool may_put() {
    std::uint64_t most = ring_.max_items != 0 ? ring_.max_items : kMostItems;
    // relaxed: `other_seen` is written under the lock
    if (items_between(ring_.in.other_seen.load(std::memory_order_relaxed), position_) < most) [[likely]]
      return true;
    return items_between(look_at_out(), position_) < most;
  }

  /// Room for a record, with its header written: where its payload begins. May commit what was appended before.
  /// @throws OutOfFamilyMemory; what was appended before is committed then
  [[nodiscard]] std::byte* append(std::uint32_t kind, std::uint32_t bytes) {
    const std::uint64_t needed = record_units(bytes);
    while (true) {
      Offset at = ring_.in.segment.load(std::memory_order_relaxed);  // relaxed: written under the lock
      if (at != 0) [[likely]]
        if (std::byte* place = place_in(at, needed, kind, bytes)) [[likely]]
          return place;
      add_segment();
    }
  }

  /// All that was appended is put.
  void commit() noexcept {
    // SYNC(position): release -> acquire in Reader::next(), item_count(); carries the records
    ring_.in.position.store(position_, std::memory_order_release);
  }
  /// The same, in one step with giving the parcel away.
  void commit_with_parcel(object::Parcel& parcel);
  /// Puts a record that hands a block of this process over. `words` is its payload, and names the parcel too, if there
  /// is one.
  /// @throws OutOfFamilyMemory; nothing was put, and the block is still this process's
  void put_block(std::uint32_t kind, std::span<const std::uint64_t> words, Offset block, object::Parcel* parcel);
  /// Wakes who waits for what was put, while the lock is held on.
  void wake_readers() noexcept { guard_.wake_partners_now(); }

 private:
  std::uint64_t look_at_out() noexcept {
    // SYNC(position): release store of out.position -> acquire here; carries that its bytes were read
    std::uint64_t out = ring_.out.position.load(std::memory_order_acquire);
    ring_.in.other_seen.store(out, std::memory_order_relaxed);  // relaxed: written under the lock
    return out;
  }
  // Units from the first one in use in this segment to `end`.
  [[nodiscard]] std::uint64_t used(std::uint64_t start, std::uint64_t end) const noexcept {
    std::uint64_t head = units_of(ring_.in.other_seen.load(std::memory_order_relaxed));  // relaxed: under the lock
    std::uint64_t from_head = units_between(head, end);
    std::uint64_t from_start = units_between(start, end);
    return from_head <= from_start ? from_head : from_start;
  }
  std::byte* place_in(Offset at, std::uint64_t needed, std::uint32_t kind, std::uint32_t bytes) {
    std::byte* base = family_.address(at, sizeof(Segment));
    auto& segment = *reinterpret_cast<Segment*>(base);
    if (segment.magic.load(std::memory_order_relaxed) != (kSegmentMagic ^ at))  // relaxed: constant
      throw_damaged("the producers' segment has another header");
    const std::uint64_t units = segment.units.load(std::memory_order_relaxed);  // relaxed: constant
    const std::uint64_t start = segment.start.load(std::memory_order_relaxed);  // relaxed: constant
    std::uint64_t begin = units_of(position_);
    std::uint64_t index = begin & (units - 1);
    std::uint64_t unused = 0;
    if (index < kHeaderUnits) {
      begin += kHeaderUnits - index;
      index = kHeaderUnits;
    }
    const std::uint64_t first = begin;
    if (index + needed > units) {
      unused = units - index;
      begin += unused + kHeaderUnits;
      index = kHeaderUnits;
    }
    if (used(start, begin + needed) > units) [[unlikely]] {
      look_at_out();
      if (used(start, begin + needed) > units) return nullptr;
    }
    if (unused != 0) [[unlikely]]
      write_header(at + (first & (units - 1)) * kUnit,
                   record_header(0, static_cast<std::uint32_t>(RecordKind::pad), first & kUnitMask));
    std::byte* place = family_.address(at + index * kUnit, needed * kUnit);
    std::uint64_t header = record_header(bytes, kind, begin & kUnitMask);
    std::memcpy(place, &header, sizeof header);
    // Consumers have read the lines ahead last. Else the next compare-exchange waits until this one's stores got
    // theirs.
    os::prefetch_for_write(base + ((index + needed + kUnitsAhead) & (units - 1)) * kUnit);
    position_ = moved(position_, 1, begin + needed);
    return place + sizeof header;
  }
  void write_header(Offset at, std::uint64_t header) {
    std::memcpy(family_.address(at, sizeof header), &header, sizeof header);
  }
  void add_segment();

  RingBody& ring_;
  family::Family& family_;
  SideGuard guard_;
  std::uint64_t position_ = 0;
};

}  // namespace cohort::ring
