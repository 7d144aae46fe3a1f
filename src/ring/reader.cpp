// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/reader.hpp"

#include <array>

#include "base/crash_point.hpp"
#include "object/objects.hpp"

namespace cohort::ring {

using family::Family;
using family::kNobody;
using object::JournalWrite;
using object::Objects;

void Reader::take_block(const Record& record, detail::ReceivedMessage& message) {
  RingSide& out = ring_.out;
  std::array<std::uint64_t, 3> words{};
  std::memcpy(words.data(), record.payload, sizeof words);
  auto [block, start, size] = words;
  std::size_t room = family_.block_size(block);
  if (start > room || size > room - start) throw_damaged("a record's block is smaller than its message");
  const std::byte* data = family_.address(block, room) + start;
  // SYNC(block_in_transit): as in put_block()
  out.position_before.store(out.position.load(std::memory_order_relaxed),
                            std::memory_order_release);          // relaxed: as there
  out.block_in_transit.store(block, std::memory_order_release);  // SYNC(block_in_transit)
  COHORT_CRASH_POINT("channel.take.block_named");
  family_.set_owner(block, family_.self());
  COHORT_CRASH_POINT("channel.take.block_taken");
  try {
    if (record.parcel != 0)
      message.set_parcel(commit_with_parcel(record.parcel));
    else
      commit();
  } catch (...) {
    family_.set_owner(block, kNobody);
    out.block_in_transit.store(0, std::memory_order_release);  // SYNC(block_in_transit)
    throw;
  }
  COHORT_CRASH_POINT("channel.take.block_committed");
  out.block_in_transit.store(0, std::memory_order_release);  // SYNC(block_in_transit)
  message.set_block(object::Block::adopt(block, size), data, size);
}

object::Parcel Reader::commit_with_parcel(Offset parcel) {
  std::array<JournalWrite, 1> write{JournalWrite{family_.offset_of(&ring_.out.position), position_}};
  return object::Parcel::take(parcel, write);
}

std::atomic<std::uint64_t>& Reader::word(const Record& record, std::ptrdiff_t index) noexcept {
  auto* payload = const_cast<std::byte*>(record.payload);
  return *reinterpret_cast<std::atomic<std::uint64_t>*>(payload + index * static_cast<std::ptrdiff_t>(kUnit));
}

void Reader::remove_segment(Offset at, Segment& segment) {
  RingSide& out = ring_.out;
  Offset next = segment.next.load(std::memory_order_relaxed);  // relaxed: ordered by position
  if (next == 0) throw_damaged("a segment has an end and no successor");
  // SYNC(segment_pending): release stores in this order -> loads of who repairs after our death
  out.segment_pending.store(at, std::memory_order_release);
  COHORT_CRASH_POINT("channel.remove_segment.named");
  out.segment.store(next, std::memory_order_release);  // SYNC(segment_pending)
  COHORT_CRASH_POINT("channel.remove_segment.left");
  if (destroyer_ != nullptr) {
    destroyer_->free_block(out.segment_pending);
    return;
  }
  family_.set_owner(at, family_.self());
  COHORT_CRASH_POINT("channel.remove_segment.owned");
  out.segment_pending.store(0, std::memory_order_release);  // SYNC(segment_pending)
  COHORT_CRASH_POINT("channel.remove_segment.forgotten");
  family_.free(at);
}

void repair_out(RingBody& ring) {
  COHORT_CRASH_POINT("channel.repair_out.begin");
  Objects::instance().settle();
  auto& family = Family::instance();
  RingSide& out = ring.out;
  // relaxed, here and below: under the lock, whose holder's death the system has reported
  // relaxed: as above
  if (Offset old = out.segment_pending.load(std::memory_order_relaxed)) {
    // relaxed: as above
    bool left = out.segment.load(std::memory_order_relaxed) != old;
    if (left) family.set_owner(old, family.self());
    COHORT_CRASH_POINT("channel.repair_out.owned");
    out.segment_pending.store(0, std::memory_order_release);  // SYNC(segment_pending)
    COHORT_CRASH_POINT("channel.repair_out.forgotten");
    if (left) family.free(old);
  }
  if (Offset block = out.block_in_transit.load(std::memory_order_relaxed)) {
    bool taken = out.position.load(std::memory_order_relaxed) != out.position_before.load(std::memory_order_relaxed);
    if (!taken) family.set_owner(block, kNobody);
    COHORT_CRASH_POINT("channel.repair_out.block_given");
    out.block_in_transit.store(0, std::memory_order_release);  // SYNC(block_in_transit)
  }
}

}  // namespace cohort::ring
