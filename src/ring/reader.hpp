// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Taking records out of a ring, for who holds `out`. What is done to segments and records, and in which order, is
// docs/formats/queue.md "Transitions and death".
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "cohort/ring/received_message.hpp"
#include "family/family.hpp"
#include "os/futex.hpp"
#include "ring/damage.hpp"
#include "ring/layout.hpp"
#include "ring/side_lock.hpp"

namespace cohort::object {
class Destroyer;
}

namespace cohort::ring {

/// Finishes or takes back what a dead holder of `out` began. Without the other side's lock.
void repair_out(RingBody& ring);

/// Consumers that are faster than producers would look at the producers' line after every item, and take it from them
/// each time. Where a short pause before a look brings more than one item, pauses grow until a look brings
/// kEnoughItems; where it does not, as between two who answer each other, they go.
inline constexpr std::uint64_t kEnoughItems = 32;
inline constexpr std::uint32_t kLongestDelay = 16;  // pauses of some 50 ns
inline void set_look_delay(RingSide& out, std::uint64_t items) noexcept {
  // relaxed, all: a hint, written under the lock
  // relaxed: a hint
  std::uint32_t delay = out.look_delay.load(std::memory_order_relaxed);
  if (items == 1) {
    // relaxed: a hint
    if (delay != 0) out.look_delay.store(delay / 2, std::memory_order_relaxed);
  } else if (items < kEnoughItems) {
    // relaxed: a hint
    if (delay < kLongestDelay) out.look_delay.store(delay + 1, std::memory_order_relaxed);
  } else if (items > 4 * kEnoughItems && delay != 0) {
    // relaxed: a hint
    out.look_delay.store(delay - 1, std::memory_order_relaxed);
  }
}

/// Lets some items come together when consumers are faster than producers (see set_look_delay()): to be called before a
/// take.
inline void delay_look(const RingBody& ring) noexcept {
  // relaxed, all: hints
  // relaxed: a hint
  std::uint32_t pauses = ring.out.look_delay.load(std::memory_order_relaxed);
  if (pauses == 0) [[likely]]
    return;
  // relaxed: a hint
  if (ring.out.other_seen.load(std::memory_order_relaxed) != ring.out.position.load(std::memory_order_relaxed)) return;
  for (; pauses != 0; --pauses) os::spin_pause();
}

/// A record that lies in a ring.
struct Record {
  RecordKind kind = RecordKind::pad;
  Offset parcel = 0;
  const std::byte* payload = nullptr;  ///< behind the parcel's word
  std::size_t size = 0;                ///< of the payload
};

/// Reads records from out.position on, and takes them.
class Reader {
 public:
  /// Holds `out` while it exists.
  explicit Reader(RingBody& ring) : ring_(ring), family_(family::Family::instance()), guard_(std::in_place, ring.out) {
    if (guard_->taken_over()) [[unlikely]] {
      repair_out(ring);
      guard_->mark_repaired();
    }
    position_ = ring.out.position.load(std::memory_order_relaxed);  // relaxed: written under the lock
    note_processor(ring.out, position_);
  }
  /// The caller holds `out`, and has repaired it.
  enum Held { kHeld };
  Reader(RingBody& ring, Held)
      : ring_(ring),
        family_(family::Family::instance()),
        position_(ring.out.position.load(std::memory_order_relaxed)) {}  // relaxed: written under the lock
  /// Nobody else has the ring: it is being destroyed.
  Reader(RingBody& ring, object::Destroyer& destroyer) : Reader(ring, kHeld) { destroyer_ = &destroyer; }

  /// The next record; false when there is none. It counts as taken at the next commit. May commit what was read before.
  [[nodiscard]] bool next(Record& record) {
    RingSide& out = ring_.out;
    std::uint64_t known = out.other_seen.load(std::memory_order_relaxed);  // relaxed: written under the lock
    if (known == position_) {
      // SYNC(position): release store in Writer::commit() -> acquire here; carries the records
      known = ring_.in.position.load(std::memory_order_acquire);
      out.other_seen.store(known, std::memory_order_relaxed);  // relaxed: written under the lock
      if (known == position_) return false;
      set_look_delay(out, items_between(position_, known));
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
    // SYNC(position): release -> acquire in Writer::look_at_out(); carries that the bytes were read
    ring_.out.position.store(position_, std::memory_order_release);
  }
  /// The same, in one step with taking the parcel.
  [[nodiscard]] object::Parcel commit_with_parcel(Offset parcel);
  /// Takes the record that next() gave last, whose payload begins with the words of a block, and the block over.
  void take_block(const Record& record, detail::ReceivedMessage& message);
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
  std::optional<SideGuard> guard_;
  object::Destroyer* destroyer_ = nullptr;  // frees the segments; null: this process does
  std::uint64_t position_ = 0;
  std::uint64_t before_ = 0;
};

}  // namespace cohort::ring
