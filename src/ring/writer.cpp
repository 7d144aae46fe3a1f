// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/writer.hpp"

#include <array>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "object/objects.hpp"

namespace cohort::ring {

using family::Family;
using family::kNobody;
using object::JournalWrite;
using object::Objects;

void Writer::commit_with_parcel(object::Parcel& parcel) {
  std::array<JournalWrite, 1> write{JournalWrite{family_.offset_of(&ring_.in.position), position_}};
  parcel.give(write);
}

void Writer::put_block(std::uint32_t kind, std::span<const std::uint64_t> words, Offset block, object::Parcel* parcel) {
  RingSide& in = ring_.in;
  std::byte* to = append(kind, static_cast<std::uint32_t>(words.size_bytes()));
  std::memcpy(to, words.data(), words.size_bytes());
  // SYNC(block_in_transit): release stores in this order -> loads of who repairs (other side: our death)
  in.position_before.store(in.position.load(std::memory_order_relaxed),
                           std::memory_order_release);          // relaxed: we write it
  in.block_in_transit.store(block, std::memory_order_release);  // SYNC(block_in_transit)
  COHORT_CRASH_POINT("channel.put.block_named");
  family_.set_owner(block, kNobody);
  COHORT_CRASH_POINT("channel.put.block_given");
  try {
    if (parcel != nullptr && *parcel)
      commit_with_parcel(*parcel);
    else
      commit();
  } catch (...) {
    family_.set_owner(block, family_.self());
    in.block_in_transit.store(0, std::memory_order_release);  // SYNC(block_in_transit)
    throw;
  }
  COHORT_CRASH_POINT("channel.put.block_committed");
  in.block_in_transit.store(0, std::memory_order_release);  // SYNC(block_in_transit)
}

namespace {

// From here on producers are in the segment that `segment_pending` names. Also done by who repairs.
void enter_added_segment(RingBody& ring) {
  RingSide& in = ring.in;
  Offset added = in.segment_pending.load(std::memory_order_relaxed);  // relaxed: under the lock
  Offset old = in.segment.load(std::memory_order_relaxed);            // relaxed: under the lock
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
  // SYNC(segment_pending): release -> who repairs; comes after the stores above (other side: the holder's death)
  in.segment.store(added, std::memory_order_release);
}

}  // namespace

void Writer::add_segment() {
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
  // SYNC(segment_pending): release stores in this order -> loads of who repairs after our death
  in.segment_pending.store(added, std::memory_order_release);
  COHORT_CRASH_POINT("channel.add_segment.named");
  family_.set_owner(added, kNobody);
  COHORT_CRASH_POINT("channel.add_segment.given");
  enter_added_segment(ring_);
  COHORT_CRASH_POINT("channel.add_segment.entered");
  in.segment_pending.store(0, std::memory_order_release);  // SYNC(segment_pending)
}

void repair_in(RingBody& ring) {
  COHORT_CRASH_POINT("channel.repair_in.begin");
  Objects::instance().settle();
  auto& family = Family::instance();
  RingSide& in = ring.in;
  // relaxed, here and below: under the lock, whose holder's death the system has reported
  // relaxed: as above
  if (Offset added = in.segment_pending.load(std::memory_order_relaxed)) {
    family.set_owner(added, kNobody);
    COHORT_CRASH_POINT("channel.repair_in.given");
    enter_added_segment(ring);
    COHORT_CRASH_POINT("channel.repair_in.entered");
    in.segment_pending.store(0, std::memory_order_release);  // SYNC(segment_pending)
  }
  if (Offset block = in.block_in_transit.load(std::memory_order_relaxed)) {
    bool put = in.position.load(std::memory_order_relaxed) != in.position_before.load(std::memory_order_relaxed);
    if (!put) family.set_owner(block, family.self());
    COHORT_CRASH_POINT("channel.repair_in.block_taken");
    in.block_in_transit.store(0, std::memory_order_release);  // SYNC(block_in_transit)
    COHORT_CRASH_POINT("channel.repair_in.block_forgotten");
    if (!put) family.free(block);
  }
}

}  // namespace cohort::ring
