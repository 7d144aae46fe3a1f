// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/byte_ring.hpp"

#include <array>
#include <cstring>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "object/objects.hpp"
#include "os/cpu.hpp"
#include "ring/ring_sides.hpp"
#include "ring/side_lock.hpp"

namespace cohort::ring {

using detail::ReceivedMessage;
using family::Family;
using family::kNobody;
using object::JournalWrite;
using object::Objects;

namespace {

// How many records of a batch are put between two commits: the other side gets to see them while more are written.
constexpr std::size_t kCommitEvery = 64;

void commit(Consumer& consumer, Offset parcel, ReceivedMessage& message) {
  if (parcel != 0) [[unlikely]]
    message.set_parcel(consumer.commit_with_parcel(parcel));
  else
    consumer.commit();
}

}  // namespace

// ---- putting ---------------------------------------------------------------------------------------------------------

namespace {

void put_block(Producer& producer, const Message& message) {
  std::uint32_t kind = static_cast<std::uint32_t>(RecordKind::block);
  std::array<std::uint64_t, 4> words{};
  std::size_t count = 0;
  if (message.parcel.object != 0) {
    kind |= kWithParcel;
    words[count++] = message.parcel.object;
  }
  words[count++] = message.block;
  words[count++] = message.start;
  words[count++] = message.size;
  producer.put_block(kind, std::span(words.data(), count), message.block, message.parcel);
}

}  // namespace

bool try_put(RingBody& ring, const Message& message) {
  Producer producer(ring);
  if (!producer.may_put()) return false;
  if (message.block != 0) {
    put_block(producer, message);
    return true;
  }
  auto size = static_cast<std::uint32_t>(message.size);
  if (message.parcel.object == 0) {
    std::byte* to = producer.append(static_cast<std::uint32_t>(RecordKind::bytes), size);
    if (size != 0) std::memcpy(to, message.bytes, size);
    COHORT_CRASH_POINT("channel.put.written");
    producer.commit();
    COHORT_CRASH_POINT("channel.put.committed");
    return true;
  }
  std::byte* to = producer.append(static_cast<std::uint32_t>(RecordKind::bytes) | kWithParcel,
                                  size + static_cast<std::uint32_t>(sizeof message.parcel.object));
  std::memcpy(to, &message.parcel.object, sizeof message.parcel.object);
  if (size != 0) std::memcpy(to + sizeof message.parcel.object, message.bytes, size);
  producer.commit_with_parcel(message.parcel);
  COHORT_CRASH_POINT("channel.put.parcel_committed");
  return true;
}

std::size_t try_put_plain(RingBody& ring, const std::byte* values, std::size_t size, std::size_t count) {
  Producer producer(ring);
  std::size_t done = 0;
  try {
    for (; done < count && producer.may_put(); ++done) {
      std::byte* to = producer.append(static_cast<std::uint32_t>(RecordKind::bytes), static_cast<std::uint32_t>(size));
      copy_bytes(to, values + done * size, size);
      if (done % kCommitEvery == kCommitEvery - 1) producer.commit();
    }
  } catch (const family::LockedOut&) {
    // What came before is committed.
    if (done == 0) throw;
  }
  COHORT_CRASH_POINT("channel.put_plain.written");
  producer.commit();
  COHORT_CRASH_POINT("channel.put_plain.committed");
  return done;
}

// ---- taking ----------------------------------------------------------------------------------------------------------

const char* type_of_queue(RingBody& ring) noexcept {
  switch (static_cast<object::ObjectKind>(object::header_of(&ring).kind)) {
    case object::ObjectKind::simple_queue: return "SimpleQueue";
    case object::ObjectKind::joinable_queue: return "JoinableQueue";
    default: return "Queue";
  }
}

void take_record(Consumer& consumer, const Record& record, ReceivedMessage& message) {
  if (record.kind == RecordKind::block) {
    consumer.take_block(record, message);
    return;
  }
  if (record.size > kMostInline) throw_damaged("a record is larger than records can be");
  std::byte* to = message.room(record.size);
  if (record.size != 0) std::memcpy(to, record.payload, record.size);
  COHORT_CRASH_POINT("channel.take.copied");
  commit(consumer, record.parcel, message);
  COHORT_CRASH_POINT("channel.take.committed");
}

Received try_take(RingBody& ring, ReceivedMessage& message) {
  Consumer consumer(ring);
  Record record;
  if (!consumer.next(record)) return Received::nothing;
  if (record.kind == RecordKind::piece) [[unlikely]] {
    consumer.stay();
    return Received::piece;
  }
  take_record(consumer, record, message);
  return Received::message;
}

namespace {

[[noreturn, gnu::cold, gnu::noinline]] void throw_other_size(RingBody& ring, const char* verb) {
  throw DecodeError(std::string(type_of_queue(ring)) + '.' + verb, "",
                    "the oldest item has another size than items of this type: use one type");
}

}  // namespace

std::size_t try_take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most, const char* verb) {
  Consumer consumer(ring);
  std::size_t done = 0;
  Record record;
  while (done < most && consumer.next(record)) {
    if (record.size != size || record.kind != RecordKind::bytes || record.parcel != 0) {
      consumer.stay();
      if (done == 0) throw_other_size(ring, verb);
      break;
    }
    copy_bytes(to + done * size, record.payload, size);
    ++done;
  }
  COHORT_CRASH_POINT("channel.take_plain.copied");
  consumer.commit();
  COHORT_CRASH_POINT("channel.take_plain.committed");
  return done;
}

// ---- state -----------------------------------------------------------------------------------------------------------

std::size_t item_count(const RingBody& ring) noexcept {
  // out first: it never passes in, so the difference is not negative.
  // SYNC(position): release store in commit() -> acquire here; carries the records
  std::uint64_t out = ring.out.position.load(std::memory_order_acquire);
  std::uint64_t in = ring.in.position.load(std::memory_order_acquire);  // SYNC(position)
  return items_between(out, in);
}

bool is_full(const RingBody& ring) noexcept {
  return item_count(ring) >= (ring.max_items != 0 ? ring.max_items : kMostItems);
}

std::uint64_t takeovers(const RingBody& ring) noexcept {
  // relaxed: statistics
  return ring.in.takeovers.load(std::memory_order_relaxed) + ring.out.takeovers.load(std::memory_order_relaxed);
}

// ---- ends ------------------------------------------------------------------------------------------------------------

void repair(RingBody& ring) {
  // Taking a lock from a dead holder repairs.
  { Producer producer(ring); }
  { Consumer consumer(ring); }
}

namespace {

// Who has the lock now has it from the dead one, and is not done repairing, or has nothing to repair: `changing` and `moving`
// are 0 once that is done.
bool may_be_left_by(const RingSide& side, family::MemberId dead) noexcept {
  // SYNC(side): as in SideGuard(); carries what a repair changed before
  std::uint64_t holder = side.lock.load(std::memory_order_acquire);
  if (holder != 0 && sync::ThreadWord::unpack(holder).is_of(dead)) return true;
  // relaxed: both: ordered by the acquire
  return side.changing.load(std::memory_order_relaxed) != 0 || side.moving.load(std::memory_order_relaxed) != 0;
}

}  // namespace

void repair_after(RingBody& ring, family::MemberId dead) {
  if (may_be_left_by(ring.in, dead)) Producer producer(ring);
  if (may_be_left_by(ring.out, dead)) Consumer consumer(ring);
}

void destroy(RingBody& ring, object::Destroyer& destroyer) {
  // Nobody else has a reference, so nothing here is under a lock; all deaths are repaired. Every step leaves the ring in
  // a form from which the next destroyer goes on.
  RingSide& out = ring.out;
  // relaxed, here and below: nobody else is here
  // relaxed: as above
  if (out.changing.load(std::memory_order_relaxed) != out.segment.load(std::memory_order_relaxed))
    destroyer.free_block(out.changing);
  // relaxed: as above
  if (out.segment.load(std::memory_order_relaxed) == 0) return;
  Reader reader(ring, &destroyer);
  Record record;
  while (reader.next(record)) {
    // The record's own words are what the destroyer sets to 0.
    if (record.parcel != 0) destroyer.free_parcel(Reader::word(record, -1));
    if (record.kind != RecordKind::bytes) destroyer.free_block(Reader::word(record, 0));
    reader.commit();
  }
  // The last one, and the next one where producers died on their way there.
  // relaxed: as above
  while (Offset segment = out.segment.load(std::memory_order_relaxed)) {
    // relaxed: as above
    bool last = segment == ring.in.segment.load(std::memory_order_relaxed);
    // relaxed: as above
    Offset next = last ? 0 : Family::instance().at<Segment>(segment)->next.load(std::memory_order_relaxed);
    out.changing.store(segment, std::memory_order_release);  // SYNC(changing)
    COHORT_CRASH_POINT("channel.destroy.named");
    out.segment.store(next, std::memory_order_release);  // SYNC(changing)
    destroyer.free_block(out.changing);
  }
}

}  // namespace cohort::ring
