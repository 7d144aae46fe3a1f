// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A producer and a consumer while they hold their side of a ring. What they do to segments and records, and in which
// order, is docs/formats/queue.md "Transitions and death".
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "cohort/ring/received_message.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "os/cpu.hpp"
#include "os/prefetch.hpp"
#include "ring/layout.hpp"
#include "ring/side_lock.hpp"

namespace cohort::object {
class Destroyer;
}

namespace cohort::ring {

/// Throws StateError: something wrote into the ring that is no part of it.
[[noreturn]] void throw_damaged(const char* what);

/// Finishes or takes back what a dead holder of the side began. Without the other side's lock.
void repair_in(RingBody& ring);
void repair_out(RingBody& ring);

/// Consumers that are faster than producers would look at the producers' line after every item, and take it from them each
/// time. Where a short pause before a look brings more than one item, pauses grow until a look brings kEnoughItems; where
/// it does not, as between two who answer each other, they go.
inline constexpr std::uint64_t kEnoughItems = 32;
inline constexpr std::uint32_t kLongestPace = 16;  // pauses of some 50 ns
inline void set_pace(RingSide& out, std::uint64_t items) noexcept {
  // relaxed, all: a hint, written under the lock
  // relaxed: a hint
  std::uint32_t pace = out.pace.load(std::memory_order_relaxed);
  if (items == 1) {
    // relaxed: a hint
    if (pace != 0) out.pace.store(pace / 2, std::memory_order_relaxed);
  } else if (items < kEnoughItems) {
    // relaxed: a hint
    if (pace < kLongestPace) out.pace.store(pace + 1, std::memory_order_relaxed);
  } else if (items > 4 * kEnoughItems && pace != 0) {
    // relaxed: a hint
    out.pace.store(pace - 1, std::memory_order_relaxed);
  }
}

/// How far before it is written a producer asks for a line: 4 lines, some puts of a small item.
inline constexpr std::uint64_t kUnitsAhead = 32;

/// Says where the holder of a side runs: now and then, as asking costs more than a look.
inline void note_processor(RingSide& side, std::uint64_t position) noexcept {
  if ((items_of(position) & 7) == 0)
    side.cpu.store(static_cast<std::uint32_t>(os::current_cpu() + 1), std::memory_order_relaxed);  // relaxed: a hint
}

// 16 bytes in a register. Not an array, for which a hardened build guards the stack.
using Quarter = unsigned long __attribute__((vector_size(16)));

/// Copies `size` bytes: without a call for what most items are.
inline void copy_bytes(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  if (size > 64) [[unlikely]] {
    std::memcpy(to, from, size);
  } else if (size >= 32) {
    // The two halves may overlap.
    Quarter first, second, third, last;
    std::memcpy(&first, from, 16);
    std::memcpy(&second, from + 16, 16);
    std::memcpy(&third, from + size - 32, 16);
    std::memcpy(&last, from + size - 16, 16);
    std::memcpy(to, &first, 16);
    std::memcpy(to + 16, &second, 16);
    std::memcpy(to + size - 32, &third, 16);
    std::memcpy(to + size - 16, &last, 16);
  } else if (size == 8) {
    std::memcpy(to, from, 8);
  } else if (size == 16) {
    std::memcpy(to, from, 16);
  } else if (size == 4) {
    std::memcpy(to, from, 4);
  } else if (size != 0) {
    std::memcpy(to, from, size);
  }
}

/// Holds `in`.
class Producer {
 public:
  explicit Producer(RingBody& ring) : ring_(ring), family_(family::Family::instance()), guard_(ring.in) {
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
    // relaxed: `known` is written under the lock
    if (items_between(ring_.in.known.load(std::memory_order_relaxed), position_) < most) [[likely]]
      return true;
    return items_between(look_at_out(), position_) < most;
  }

  /// Room for a record, with its header written: where its payload begins. May commit what was appended before.
  /// Throws: OutOfFamilyMemory; what was appended before is committed then
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
  void commit_with_parcel(detail::ParcelEntry parcel);
  /// Puts a record that hands a block of this process over. `words` is its payload, and names the parcel too, if there is one.
  /// Throws: OutOfFamilyMemory; nothing was put, and the block is still this process's
  void put_block(std::uint32_t kind, std::span<const std::uint64_t> words, Offset block, detail::ParcelEntry parcel);
  /// Wakes who waits for what was put, while the lock is held on.
  void wake_consumers() noexcept { guard_.wake_partners_now(); }

 private:
  std::uint64_t look_at_out() noexcept {
    // SYNC(position): release store of out.position -> acquire here; carries that its bytes were read
    std::uint64_t out = ring_.out.position.load(std::memory_order_acquire);
    ring_.in.known.store(out, std::memory_order_relaxed);  // relaxed: written under the lock
    return out;
  }
  // Units from the first one in use in this segment to `end`.
  [[nodiscard]] std::uint64_t used(std::uint64_t start, std::uint64_t end) const noexcept {
    std::uint64_t head = units_of(ring_.in.known.load(std::memory_order_relaxed));  // relaxed: under the lock
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
    // Consumers have read the lines ahead last. Else the next compare-exchange waits until this one's stores got theirs.
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

/// A record that lies in a ring.
struct Record {
  RecordKind kind = RecordKind::pad;
  Offset parcel = 0;
  const std::byte* payload = nullptr;  ///< behind the parcel's word
  std::size_t size = 0;                ///< of the payload
};

/// Reads records from out.position on. The caller holds `out`, or is alone.
class Reader {
 public:
  /// @param destroyer  frees the segments; nullptr: this process does
  explicit Reader(RingBody& ring, object::Destroyer* destroyer = nullptr)
      : ring_(ring),
        family_(family::Family::instance()),
        destroyer_(destroyer),
        position_(ring.out.position.load(std::memory_order_relaxed)) {}  // relaxed: written under the lock

  /// The next record; false when there is none. It counts as taken at the next commit. May commit what was read before.
  [[nodiscard]] bool next(Record& record) {
    RingSide& out = ring_.out;
    std::uint64_t known = out.known.load(std::memory_order_relaxed);  // relaxed: written under the lock
    if (known == position_) {
      // SYNC(position): release store in Producer::commit() -> acquire here; carries the records
      known = ring_.in.position.load(std::memory_order_acquire);
      out.known.store(known, std::memory_order_relaxed);  // relaxed: written under the lock
      if (known == position_) return false;
      set_pace(out, items_between(position_, known));
    }
    before_ = position_;
    while (true) {
      Offset at = out.segment.load(std::memory_order_relaxed);  // relaxed: ordered by position
      auto& segment = *reinterpret_cast<Segment*>(family_.address(at, sizeof(Segment)));
      if (segment.magic.load(std::memory_order_relaxed) != (kSegmentMagic ^ at))  // relaxed: constant
        throw_damaged("the consumers' segment has another header");
      // relaxed: ordered by position, which lies beyond the end once there is one to be met
      if (segment.end.load(std::memory_order_relaxed) != (kLeft | units_of(position_))) [[likely]] {
        read_in(at, segment.units.load(std::memory_order_relaxed), known, record);  // relaxed: constant
        return true;
      }
      commit();
      remove_segment(at, segment);
    }
  }
  /// The record that next() gave last was not taken after all.
  void stay() noexcept { position_ = before_; }

  /// All that was read is taken.
  void commit() noexcept {
    // SYNC(position): release -> acquire in Producer::look_at_out(); carries that the bytes were read
    ring_.out.position.store(position_, std::memory_order_release);
  }
  /// The same, in one step with taking the parcel.
  [[nodiscard]] object::Parcel commit_with_parcel(Offset parcel);
  /// A word of the payload of the record that next() gave last; −1: the parcel's.
  [[nodiscard]] static std::atomic<std::uint64_t>& word(const Record& record, std::ptrdiff_t index) noexcept;

 private:
  void read_in(Offset at, std::uint64_t units, std::uint64_t known, Record& record) {
    std::uint64_t begin = units_of(position_);
    std::uint64_t index = begin & (units - 1);
    std::uint64_t header = 0;
    for (int pads = 0;; ++pads) {
      if (index < kHeaderUnits) {
        begin += kHeaderUnits - index;
        index = kHeaderUnits;
      }
      std::memcpy(&header, family_.address(at + index * kUnit, sizeof header), sizeof header);
      if (!is_record_at(header, begin & kUnitMask)) throw_damaged("a record's header is not one");
      if (record_kind(header) != static_cast<std::uint32_t>(RecordKind::pad)) [[likely]]
        break;
      if (pads != 0) throw_damaged("an empty record follows another");
      begin += units - index;
      index = 0;
    }
    const std::uint32_t kind = record_kind(header);
    std::size_t size = record_bytes(header);
    const std::uint64_t needed = record_units(size);
    if (index + needed > units || units_between(begin + needed, known) > units_between(position_, known))
      throw_damaged("a record is longer than what was put");
    const std::byte* payload = family_.address(at + index * kUnit, needed * kUnit) + sizeof header;
    record.parcel = 0;
    if ((kind & kWithParcel) != 0) [[unlikely]] {
      if (size < sizeof record.parcel) throw_damaged("a record is too short for its parcel");
      std::memcpy(&record.parcel, payload, sizeof record.parcel);
      payload += sizeof record.parcel;
      size -= sizeof record.parcel;
    }
    record.kind = static_cast<RecordKind>(kind & ~kWithParcel);
    if (record.kind != RecordKind::bytes && (record.kind != RecordKind::block || size != 3 * sizeof(std::uint64_t)) &&
        (record.kind != RecordKind::piece || size != sizeof(PieceWords)))
      throw_damaged("a record is of no kind");
    record.payload = payload;
    record.size = size;
    position_ = moved(position_, 1, begin + needed);
  }
  void remove_segment(Offset at, Segment& segment);

  RingBody& ring_;
  family::Family& family_;
  object::Destroyer* destroyer_;
  std::uint64_t position_;
  std::uint64_t before_ = 0;
};

/// Holds `out`.
class Consumer {
 public:
  explicit Consumer(RingBody& ring) : ring_(ring), guard_(ring), reader_(ring) {
    note_processor(ring.out, ring.out.position.load(std::memory_order_relaxed));  // relaxed: written under the lock
  }
  [[nodiscard]] bool next(Record& record) { return reader_.next(record); }
  void stay() noexcept { reader_.stay(); }
  void commit() noexcept { reader_.commit(); }
  [[nodiscard]] object::Parcel commit_with_parcel(Offset parcel) { return reader_.commit_with_parcel(parcel); }
  /// Takes the record that next() gave last, whose payload begins with the words of a block, and the block over.
  void take_block(const Record& record, detail::ReceivedMessage& message);

 private:
  // Repairs before the reader looks at the position.
  struct Guard {
    explicit Guard(RingBody& ring) : side(ring.out) {
      if (side.taken_over()) [[unlikely]] {
        repair_out(ring);
        side.mark_repaired();
      }
    }
    SideGuard side;
  };
  RingBody& ring_;
  Guard guard_;
  Reader reader_;
};

}  // namespace cohort::ring
