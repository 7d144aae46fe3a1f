// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "channel/byte_ring.hpp"

#include <array>
#include <cstring>

#include "base/crash_point.hpp"
#include "channel/ring_sides.hpp"
#include "channel/side_lock.hpp"
#include "cohort/base/error.hpp"
#include "os/cpu.hpp"
#include "shm/family.hpp"
#include "shm/objects.hpp"

namespace cohort::channel {

using detail::ReceivedMessage;
using shm::Family;
using shm::JournalWrite;
using shm::kNobody;
using shm::Objects;

namespace {

// How many records of a batch are put between two commits: the other side gets to see them while more are written.
constexpr std::size_t kCommitEvery = 64;

void commit(Producer& producer, detail::ParcelEntry parcel) {
  if (parcel.object != 0)
    producer.commit_with_parcel(parcel);
  else
    producer.commit();
}

void commit(Consumer& consumer, Offset parcel, ReceivedMessage& message) {
  if (parcel != 0) [[unlikely]]
    message.set_parcel(consumer.commit_with_parcel(parcel));
  else
    consumer.commit();
}

// The words of a record that names a block or a parcel.
std::array<std::uint64_t, 3> load_words(const std::byte* from) {
  std::array<std::uint64_t, 3> words;
  std::memcpy(words.data(), from, sizeof words);
  return words;
}

}  // namespace

// ---- putting ---------------------------------------------------------------------------------------------------------

namespace {

void put_block(RingBody& ring, Producer& producer, const Message& message) {
  RingSide& in = ring.in;
  auto& family = Family::instance();
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
  std::byte* to = producer.append(kind, static_cast<std::uint32_t>(count * sizeof words[0]));
  std::memcpy(to, words.data(), count * sizeof words[0]);
  // SYNC(moving): release stores in this order -> loads of who repairs (other side: our death)
  in.moving_from.store(in.position.load(std::memory_order_relaxed),
                       std::memory_order_release);            // relaxed: only we write
  in.moving.store(message.block, std::memory_order_release);  // SYNC(moving)
  COHORT_CRASH_POINT("channel.put.block_named");
  family.set_owner(message.block, kNobody);
  COHORT_CRASH_POINT("channel.put.block_given");
  try {
    commit(producer, message.parcel);
  } catch (...) {
    family.set_owner(message.block, family.self());
    in.moving.store(0, std::memory_order_release);  // SYNC(moving)
    throw;
  }
  COHORT_CRASH_POINT("channel.put.block_committed");
  in.moving.store(0, std::memory_order_release);  // SYNC(moving)
}

}  // namespace

bool try_put(RingBody& ring, const Message& message) {
  Producer producer(ring);
  if (!producer.may_put()) return false;
  if (message.block != 0) {
    put_block(ring, producer, message);
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
  for (; done < count && producer.may_put(); ++done) {
    std::byte* to = producer.append(static_cast<std::uint32_t>(RecordKind::bytes), static_cast<std::uint32_t>(size));
    copy_bytes(to, values + done * size, size);
    if (done % kCommitEvery == kCommitEvery - 1) producer.commit();
  }
  COHORT_CRASH_POINT("channel.put_plain.written");
  producer.commit();
  COHORT_CRASH_POINT("channel.put_plain.committed");
  return done;
}

// ---- taking ----------------------------------------------------------------------------------------------------------

namespace {

void take_block(RingBody& ring, Consumer& consumer, const Record& record, ReceivedMessage& message) {
  RingSide& out = ring.out;
  auto& family = Family::instance();
  auto words = load_words(record.payload);
  auto [block, start, size] = words;
  std::size_t room = family.block_size(block);
  if (start > room || size > room - start) throw_damaged("a record's block is smaller than its message");
  const std::byte* data = family.address(block, room) + start;
  // SYNC(moving): as in put_block()
  out.moving_from.store(out.position.load(std::memory_order_relaxed),
                        std::memory_order_release);    // relaxed: only we write
  out.moving.store(block, std::memory_order_release);  // SYNC(moving)
  COHORT_CRASH_POINT("channel.take.block_named");
  family.set_owner(block, family.self());
  COHORT_CRASH_POINT("channel.take.block_taken");
  try {
    commit(consumer, record.parcel, message);
  } catch (...) {
    family.set_owner(block, kNobody);
    out.moving.store(0, std::memory_order_release);  // SYNC(moving)
    throw;
  }
  COHORT_CRASH_POINT("channel.take.block_committed");
  out.moving.store(0, std::memory_order_release);  // SYNC(moving)
  message.set_block(block, data, size, true);
}

}  // namespace

bool try_take(RingBody& ring, ReceivedMessage& message) {
  Consumer consumer(ring);
  Record record;
  if (!consumer.next(record)) return false;
  if (record.kind == RecordKind::block) {
    take_block(ring, consumer, record, message);
  } else {
    if (record.size > kMostInline) throw_damaged("a record is larger than records can be");
    std::byte* to = message.room(record.size);
    if (record.size != 0) std::memcpy(to, record.payload, record.size);
    COHORT_CRASH_POINT("channel.take.copied");
    commit(consumer, record.parcel, message);
    COHORT_CRASH_POINT("channel.take.committed");
  }
  return true;
}

std::size_t try_take_plain(RingBody& ring, std::byte* to, std::size_t size, std::size_t most) {
  Consumer consumer(ring);
  std::size_t done = 0;
  Record record;
  while (done < most && consumer.next(record)) {
    if (record.size != size || record.kind != RecordKind::bytes || record.parcel != 0) {
      consumer.stay();
      if (done == 0)
        throw DecodeError("Queue.get", "", "the oldest item has another size than items of this type: use one type");
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

void destroy(RingBody& ring, shm::Destroyer& destroyer) {
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
    if (record.kind == RecordKind::block) destroyer.free_block(Reader::word(record, 0));
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

}  // namespace cohort::channel
