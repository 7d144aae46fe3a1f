// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "ring/ring.hpp"

#include <array>
#include <cstring>
#include <string>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "object/objects.hpp"
#include "ring/copy_bytes.hpp"
#include "ring/reader.hpp"
#include "ring/ring_wait.hpp"
#include "ring/writer.hpp"

namespace cohort::ring {

using detail::ReceivedMessage;
using family::Family;
using family::kNobody;
using object::JournalWrite;
using object::Objects;

namespace {

// How many records of a batch are put between two commits: the other side gets to see them while more are written.
constexpr std::size_t kCommitEvery = 64;

void commit(Reader& reader, Offset parcel, ReceivedMessage& message) {
  if (parcel != 0) [[unlikely]]
    message.set_parcel(reader.commit_with_parcel(parcel));
  else
    reader.commit();
}

}  // namespace

// ---- putting --------------------------------------------------------------------------------------------------------

namespace {

void put_block(Writer& writer, const Message& message) {
  std::uint32_t kind = static_cast<std::uint32_t>(RecordKind::block);
  std::array<std::uint64_t, 4> words{};
  std::size_t count = 0;
  if (message.has_parcel()) {
    kind |= kWithParcel;
    words[count++] = message.parcel->offset();
  }
  words[count++] = message.block;
  words[count++] = message.start;
  words[count++] = message.size;
  writer.put_block(kind, std::span(words.data(), count), message.block, message.parcel);
}

}  // namespace

bool try_put(RingBody& ring, const Message& message) {
  Writer writer(ring);
  if (!writer.may_put()) return false;
  if (message.block != 0) {
    put_block(writer, message);
    return true;
  }
  auto size = static_cast<std::uint32_t>(message.size);
  if (!message.has_parcel()) {
    std::byte* to = writer.append(static_cast<std::uint32_t>(RecordKind::bytes), size);
    if (size != 0) std::memcpy(to, message.bytes, size);
    COHORT_CRASH_POINT("channel.put.written");
    writer.commit();
    COHORT_CRASH_POINT("channel.put.committed");
    return true;
  }
  const Offset parcel = message.parcel->offset();
  std::byte* to = writer.append(static_cast<std::uint32_t>(RecordKind::bytes) | kWithParcel,
                                size + static_cast<std::uint32_t>(sizeof parcel));
  std::memcpy(to, &parcel, sizeof parcel);
  if (size != 0) std::memcpy(to + sizeof parcel, message.bytes, size);
  writer.commit_with_parcel(*message.parcel);
  COHORT_CRASH_POINT("channel.put.parcel_committed");
  return true;
}

std::size_t try_put_plain(RingBody& ring, const std::byte* values, std::size_t size, std::size_t count) {
  Writer writer(ring);
  std::size_t done = 0;
  try {
    for (; done < count && writer.may_put(); ++done) {
      std::byte* to = writer.append(static_cast<std::uint32_t>(RecordKind::bytes), static_cast<std::uint32_t>(size));
      copy_bytes(to, values + done * size, size);
      if (done % kCommitEvery == kCommitEvery - 1) writer.commit();
    }
  } catch (const family::LockedOut&) {
    // What came before is committed.
    if (done == 0) throw;
  }
  COHORT_CRASH_POINT("channel.put_plain.written");
  writer.commit();
  COHORT_CRASH_POINT("channel.put_plain.committed");
  return done;
}

// ---- taking ---------------------------------------------------------------------------------------------------------

const char* type_of_queue(RingBody& ring) noexcept {
  switch (static_cast<object::ObjectKind>(object::header_of(&ring).kind)) {
    case object::ObjectKind::simple_queue: return "SimpleQueue";
    case object::ObjectKind::joinable_queue: return "JoinableQueue";
    default: return "Queue";
  }
}

void take_record(Reader& reader, const Record& record, ReceivedMessage& message) {
  if (record.kind == RecordKind::block) {
    reader.take_block(record, message);
    return;
  }
  if (record.size > kInlineMessage) throw_damaged("a record is larger than records can be");
  std::byte* to = message.room(record.size);
  if (record.size != 0) std::memcpy(to, record.payload, record.size);
  COHORT_CRASH_POINT("channel.take.copied");
  commit(reader, record.parcel, message);
  COHORT_CRASH_POINT("channel.take.committed");
}

Received try_take(RingBody& ring, ReceivedMessage& message) {
  Reader reader(ring);
  Record record;
  if (!reader.next(record)) return Received::nothing;
  if (record.kind == RecordKind::piece) [[unlikely]] {
    reader.stay();
    return Received::piece;
  }
  take_record(reader, record, message);
  return Received::message;
}

namespace {

[[noreturn, gnu::cold, gnu::noinline]] void throw_other_size(RingBody& ring, const char* verb) {
  throw DecodeError(std::string(type_of_queue(ring)) + '.' + verb, "",
                    "the oldest item has another size than items of this type: use one type");
}

}  // namespace

std::size_t try_take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most, const char* verb) {
  Reader reader(ring);
  std::size_t done = 0;
  Record record;
  while (done < most && reader.next(record)) {
    if (record.size != size || record.kind != RecordKind::bytes || record.parcel != 0) {
      reader.stay();
      if (done == 0) throw_other_size(ring, verb);
      break;
    }
    copy_bytes(to + done * size, record.payload, size);
    ++done;
  }
  COHORT_CRASH_POINT("channel.take_plain.copied");
  reader.commit();
  COHORT_CRASH_POINT("channel.take_plain.committed");
  return done;
}

// ---- with waiting ---------------------------------------------------------------------------------------------------

namespace {

// Looks of a producer at a full ring are this far apart: the consumer gets on meanwhile.
constexpr unsigned kPausesWhenFull = 8;

// relaxed: who finds it ready looks again under the lock
bool has_items(const RingBody& ring) noexcept {
  return ring.in.position.load(std::memory_order_relaxed) != ring.out.position.load(std::memory_order_relaxed);
}

}  // namespace

// The waits stand apart from the first looks, which need no place on the stack for them.

namespace {

[[gnu::noinline]] bool wait_to_put(RingBody& ring, const Message& message, const WaitLimits& limits) {
  RingWait wait(ring.out, limits.until, kPausesWhenFull);
  while (wait.again([&] { return !is_full(ring); })) {
    if (!try_put(ring, message)) continue;
    wait.finish([&] { return !is_full(ring); });
    return true;
  }
  return false;
}

[[gnu::noinline]] std::size_t wait_to_put_plain(RingBody& ring, const std::byte* values, std::size_t size,
                                                std::size_t count, std::size_t done, const WaitLimits& limits) {
  RingWait wait(ring.out, limits.until, kPausesWhenFull);
  try {
    while (wait.again([&] { return !is_full(ring); })) {
      done += try_put_plain(ring, values + done * size, size, count - done);
      if (done == count) break;
    }
  } catch (const family::LockedOut&) {
    // Those that were put are put.
    if (done == 0) throw;
  }
  wait.finish([&] { return !is_full(ring); });
  return done;
}

}  // namespace

bool put(RingBody& ring, const Message& message, const WaitLimits& limits) {
  if (try_put(ring, message)) [[likely]]
    return true;
  return wait_to_put(ring, message, limits);
}

std::size_t put_plain(RingBody& ring, const std::byte* values, std::size_t size, std::size_t count,
                      const WaitLimits& limits) {
  std::size_t done = try_put_plain(ring, values, size, count);
  if (done == count) [[likely]]
    return done;
  return wait_to_put_plain(ring, values, size, count, done, limits);
}

namespace {

// Of a queue, in which nothing comes in pieces.
bool take_whole(RingBody& ring, detail::ReceivedMessage& message) {
  Received received = try_take(ring, message);
  if (received == Received::piece) throw_damaged("a queue holds a part of a message");
  return received == Received::message;
}

[[gnu::noinline]] bool wait_to_take(RingBody& ring, detail::ReceivedMessage& message, const WaitLimits& limits) {
  RingWait wait(ring.in, limits.until);
  while (wait.again([&] { return has_items(ring); })) {
    if (!take_whole(ring, message)) continue;
    wait.finish([&] { return has_items(ring); });
    return true;
  }
  return false;
}

[[gnu::noinline]] std::size_t wait_to_take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most,
                                                 const WaitLimits& limits) {
  RingWait wait(ring.in, limits.until);
  while (wait.again([&] { return has_items(ring); })) {
    std::size_t done = try_take_plain(ring, to, size, most, limits.verb);
    if (done == 0) continue;
    wait.finish([&] { return has_items(ring); });
    return done;
  }
  return 0;
}

}  // namespace

bool take(RingBody& ring, detail::ReceivedMessage& message, const WaitLimits& limits) {
  delay_look(ring);
  if (take_whole(ring, message)) [[likely]]
    return true;
  return wait_to_take(ring, message, limits);
}

std::size_t take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most, const WaitLimits& limits) {
  delay_look(ring);
  std::size_t done = try_take_plain(ring, to, size, most, limits.verb);
  if (done != 0 || most == 0) [[likely]]
    return done;
  return wait_to_take_plain(ring, to, size, most, limits);
}

// ---- state ----------------------------------------------------------------------------------------------------------

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

// ---- ends -----------------------------------------------------------------------------------------------------------

void repair(RingBody& ring) {
  // Taking a lock from a dead holder repairs.
  { Writer writer(ring); }
  { Reader reader(ring); }
}

namespace {

// Who has the lock now has it from the dead one, and is not done repairing, or has nothing to repair: `segment_pending`
// and `block_in_transit` are 0 once that is done.
bool may_be_left_by(const RingSide& side, family::MemberId dead) noexcept {
  // SYNC(side): as in SideGuard(); carries what a repair changed before
  std::uint64_t holder = side.lock.load(std::memory_order_acquire);
  if (holder != 0 && sync::ThreadWord::unpack(holder).is_of(dead)) return true;
  // relaxed: both: ordered by the acquire
  return side.segment_pending.load(std::memory_order_relaxed) != 0 ||
         side.block_in_transit.load(std::memory_order_relaxed) != 0;
}

}  // namespace

void repair_after(RingBody& ring, family::MemberId dead) {
  if (may_be_left_by(ring.in, dead)) Writer writer(ring);
  if (may_be_left_by(ring.out, dead)) Reader reader(ring);
}

void destroy(RingBody& ring, object::Destroyer& destroyer) {
  // Nobody else has a reference, so nothing here is under a lock; all deaths are repaired. Every step leaves the ring
  // in a form from which the next destroyer goes on.
  RingSide& out = ring.out;
  // relaxed, here and below: nobody else is here
  // relaxed: as above
  if (out.segment_pending.load(std::memory_order_relaxed) != out.segment.load(std::memory_order_relaxed))
    destroyer.free_block(out.segment_pending);
  // relaxed: as above
  if (out.segment.load(std::memory_order_relaxed) == 0) return;
  Reader reader(ring, destroyer);
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
    out.segment_pending.store(segment, std::memory_order_release);  // SYNC(segment_pending)
    COHORT_CRASH_POINT("channel.destroy.named");
    out.segment.store(next, std::memory_order_release);  // SYNC(segment_pending)
    destroyer.free_block(out.segment_pending);
  }
}

}  // namespace cohort::ring
