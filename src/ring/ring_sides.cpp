// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/ring_sides.hpp"

#include <array>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "object/objects.hpp"

namespace cohort::ring {

using family::Family;
using family::kNobody;
using object::JournalWrite;
using object::Objects;

void throw_damaged(const char* what) {
  throw StateError("Queue", "", std::string("the queue's memory is damaged: ") + what);
}

void Producer::commit_with_parcel(detail::ParcelEntry parcel) {
  std::array<JournalWrite, 1> write{JournalWrite{family_.offset_of(&ring_.in.position), position_}};
  Objects::instance().give_parcel({parcel.object, parcel.index}, write);
}

void Producer::put_block(std::uint32_t kind, std::span<const std::uint64_t> words, Offset block,
                         detail::ParcelEntry parcel) {
  RingSide& in = ring_.in;
  std::byte* to = append(kind, static_cast<std::uint32_t>(words.size_bytes()));
  std::memcpy(to, words.data(), words.size_bytes());
  // SYNC(moving): release stores in this order -> loads of who repairs (other side: our death)
  in.moving_from.store(in.position.load(std::memory_order_relaxed), std::memory_order_release);  // relaxed: we write it
  in.moving.store(block, std::memory_order_release);                                             // SYNC(moving)
  COHORT_CRASH_POINT("channel.put.block_named");
  family_.set_owner(block, kNobody);
  COHORT_CRASH_POINT("channel.put.block_given");
  try {
    if (parcel.object != 0)
      commit_with_parcel(parcel);
    else
      commit();
  } catch (...) {
    family_.set_owner(block, family_.self());
    in.moving.store(0, std::memory_order_release);  // SYNC(moving)
    throw;
  }
  COHORT_CRASH_POINT("channel.put.block_committed");
  in.moving.store(0, std::memory_order_release);  // SYNC(moving)
}

void Consumer::take_block(const Record& record, detail::ReceivedMessage& message) {
  RingSide& out = ring_.out;
  auto& family = Family::instance();
  std::array<std::uint64_t, 3> words{};
  std::memcpy(words.data(), record.payload, sizeof words);
  auto [block, start, size] = words;
  std::size_t room = family.block_size(block);
  if (start > room || size > room - start) throw_damaged("a record's block is smaller than its message");
  const std::byte* data = family.address(block, room) + start;
  // SYNC(moving): as in put_block()
  out.moving_from.store(out.position.load(std::memory_order_relaxed), std::memory_order_release);  // relaxed: as there
  out.moving.store(block, std::memory_order_release);                                              // SYNC(moving)
  COHORT_CRASH_POINT("channel.take.block_named");
  family.set_owner(block, family.self());
  COHORT_CRASH_POINT("channel.take.block_taken");
  try {
    if (record.parcel != 0)
      message.set_parcel(commit_with_parcel(record.parcel));
    else
      commit();
  } catch (...) {
    family.set_owner(block, kNobody);
    out.moving.store(0, std::memory_order_release);  // SYNC(moving)
    throw;
  }
  COHORT_CRASH_POINT("channel.take.block_committed");
  out.moving.store(0, std::memory_order_release);  // SYNC(moving)
  message.set_block(block, data, size, true);
}

object::Parcel Reader::commit_with_parcel(Offset parcel) {
  std::array<JournalWrite, 1> write{JournalWrite{family_.offset_of(&ring_.out.position), position_}};
  return object::Parcel::take(parcel, write);
}

std::atomic<std::uint64_t>& Reader::word(const Record& record, std::ptrdiff_t index) noexcept {
  auto* payload = const_cast<std::byte*>(record.payload);
  return *reinterpret_cast<std::atomic<std::uint64_t>*>(payload + index * static_cast<std::ptrdiff_t>(kUnit));
}

namespace {

// From here on producers are in the segment that `changing` names. Also done by who repairs.
void enter_added_segment(RingBody& ring) {
  RingSide& in = ring.in;
  Offset added = in.changing.load(std::memory_order_relaxed);  // relaxed: under the lock
  Offset old = in.segment.load(std::memory_order_relaxed);     // relaxed: under the lock
  if (old == added) return;
  if (old == 0) {
    ring.out.segment.store(added, std::memory_order_relaxed);  // relaxed: ordered by position
  } else {
    auto& segment = *Family::instance().at<Segment>(old);
    segment.next.store(added, std::memory_order_relaxed);  // relaxed: ordered by position
    COHORT_CRASH_POINT("channel.add_segment.linked");
    // relaxed: ordered by position, which consumers compare first
    segment.end.store(kLeft | units_of(in.position.load(std::memory_order_relaxed)), std::memory_order_relaxed);
  }
  COHORT_CRASH_POINT("channel.add_segment.left");
  // SYNC(changing): release -> who repairs; comes after the stores above (other side: the holder's death)
  in.segment.store(added, std::memory_order_release);
}

}  // namespace

void Producer::add_segment() {
  commit();
  RingSide& in = ring_.in;
  bool first = in.segment.load(std::memory_order_relaxed) == 0;  // relaxed: under the lock
  if (units_between(look_at_out(), position_) > kMostUnits)
    throw OutOfFamilyMemory("Queue.put", "", "64 GiB of records lie in the queue");
  const std::uint64_t bytes = first ? kFirstSegment : kSegmentBytes;
  Offset added = family_.allocate(bytes, family_.self());
  auto& segment = *family_.at<Segment>(added);
  // relaxed: nobody else knows the segment yet
  segment.units.store(bytes / kUnit, std::memory_order_relaxed);
  segment.start.store(units_of(position_), std::memory_order_relaxed);
  segment.end.store(0, std::memory_order_relaxed);
  segment.next.store(0, std::memory_order_relaxed);
  segment.magic.store(kSegmentMagic ^ added, std::memory_order_relaxed);
  COHORT_CRASH_POINT("channel.add_segment.allocated");
  // SYNC(changing): release stores in this order -> loads of who repairs after our death
  in.changing.store(added, std::memory_order_release);
  COHORT_CRASH_POINT("channel.add_segment.named");
  family_.set_owner(added, kNobody);
  COHORT_CRASH_POINT("channel.add_segment.given");
  enter_added_segment(ring_);
  COHORT_CRASH_POINT("channel.add_segment.entered");
  in.changing.store(0, std::memory_order_release);  // SYNC(changing)
}

void Reader::remove_segment(Offset at, Segment& segment) {
  RingSide& out = ring_.out;
  Offset next = segment.next.load(std::memory_order_relaxed);  // relaxed: ordered by position
  if (next == 0) throw_damaged("a segment has an end and no successor");
  // SYNC(changing): release stores in this order -> loads of who repairs after our death
  out.changing.store(at, std::memory_order_release);
  COHORT_CRASH_POINT("channel.remove_segment.named");
  out.segment.store(next, std::memory_order_release);  // SYNC(changing)
  COHORT_CRASH_POINT("channel.remove_segment.left");
  if (destroyer_ != nullptr) {
    destroyer_->free_block(out.changing);
    return;
  }
  family_.set_owner(at, family_.self());
  COHORT_CRASH_POINT("channel.remove_segment.owned");
  out.changing.store(0, std::memory_order_release);  // SYNC(changing)
  COHORT_CRASH_POINT("channel.remove_segment.forgotten");
  family_.free(at);
}

void repair_in(RingBody& ring) {
  COHORT_CRASH_POINT("channel.repair_in.begin");
  Objects::instance().settle();
  auto& family = Family::instance();
  RingSide& in = ring.in;
  // relaxed, here and below: under the lock, whose holder's death the system has reported
  // relaxed: as above
  if (Offset added = in.changing.load(std::memory_order_relaxed)) {
    family.set_owner(added, kNobody);
    COHORT_CRASH_POINT("channel.repair_in.given");
    enter_added_segment(ring);
    COHORT_CRASH_POINT("channel.repair_in.entered");
    in.changing.store(0, std::memory_order_release);  // SYNC(changing)
  }
  if (Offset block = in.moving.load(std::memory_order_relaxed)) {
    bool put = in.position.load(std::memory_order_relaxed) != in.moving_from.load(std::memory_order_relaxed);
    if (!put) family.set_owner(block, family.self());
    COHORT_CRASH_POINT("channel.repair_in.block_taken");
    in.moving.store(0, std::memory_order_release);  // SYNC(moving)
    COHORT_CRASH_POINT("channel.repair_in.block_forgotten");
    if (!put) family.free(block);
  }
}

void repair_out(RingBody& ring) {
  COHORT_CRASH_POINT("channel.repair_out.begin");
  Objects::instance().settle();
  auto& family = Family::instance();
  RingSide& out = ring.out;
  // relaxed, here and below: under the lock, whose holder's death the system has reported
  // relaxed: as above
  if (Offset old = out.changing.load(std::memory_order_relaxed)) {
    // relaxed: as above
    bool left = out.segment.load(std::memory_order_relaxed) != old;
    if (left) family.set_owner(old, family.self());
    COHORT_CRASH_POINT("channel.repair_out.owned");
    out.changing.store(0, std::memory_order_release);  // SYNC(changing)
    COHORT_CRASH_POINT("channel.repair_out.forgotten");
    if (left) family.free(old);
  }
  if (Offset block = out.moving.load(std::memory_order_relaxed)) {
    bool taken = out.position.load(std::memory_order_relaxed) != out.moving_from.load(std::memory_order_relaxed);
    if (!taken) family.set_owner(block, kNobody);
    COHORT_CRASH_POINT("channel.repair_out.block_given");
    out.moving.store(0, std::memory_order_release);  // SYNC(moving)
  }
}

}  // namespace cohort::ring
