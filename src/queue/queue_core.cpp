// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/queue/queue_core.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/object/block.hpp"
#include "cohort/queue/loan.hpp"
#include "cohort/wire/decoder.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "object/objects.hpp"
#include "object/watch_point.hpp"
#include "queue/queue_body.hpp"
#include "ring/limited.hpp"
#include "ring/ring.hpp"
#include "ring/watch_side.hpp"
#include "watch/readiness.hpp"

namespace cohort::queue {

void init_ring(ring::RingBody& ring, std::size_t max_items) {
  ring.max_items = std::min<std::uint64_t>(max_items, ring::kMostItems);
  // The body's own offset: in init() it has its final place.
  ring.in.object = ring.out.object = family::Family::instance().offset_of(&ring);
}

}  // namespace cohort::queue

namespace cohort::detail {

using family::Family;
using object::Block;
using object::Objects;
using queue::QueueBody;
using ring::Message;
using ring::RingBody;
using ring::WaitLimits;
using watch::LocalState;

namespace {

void member_died(family::Offset, void* body, family::MemberId) { ring::repair(static_cast<QueueBody*>(body)->ring); }

void destroy(object::Destroyer& destroyer, void* body) {
  ring::destroy(static_cast<QueueBody*>(body)->ring, destroyer);
}

object::WatchPoint watch_point(void* body) {
  object::WatchPoint point{.body = body, .ready = [](const object::WatchPoint& of) noexcept {
                             return ring::item_count(*static_cast<const RingBody*>(of.body)) != 0;
                           }};
  ring::watch_side(point, static_cast<QueueBody*>(body)->ring.in);
  return point;
}

constexpr object::ObjectOperations kOperations{
    .member_died = member_died, .destroy = destroy, .watch_point = watch_point};
const bool kRegistered = object::register_object_kind(ObjectKind::queue, kOperations) &&
                         object::register_object_kind(ObjectKind::simple_queue, kOperations);

// Of any kind of queue.
RingBody& ring_at(void* body) noexcept { return *static_cast<RingBody*>(body); }

// Bytes of a count in a message (docs/formats/codec.md), written to `to`.
std::size_t write_count(std::byte* to, std::size_t count) noexcept {
  std::size_t used = 0;
  for (; count >= 0x80; count >>= 7) to[used++] = static_cast<std::byte>((count & 0x7f) | 0x80);
  to[used++] = static_cast<std::byte>(count);
  return used;
}

// The parcel of what an encoder's message names, if it names anything.
object::Parcel parcel_of(MessageEncoder& encoder) {
  if (!encoder.has_attachments()) return {};
  // Until it is in the ring, the message's objects are kept by what the encoder was given.
  auto attachments = encoder.take_attachments();
  std::vector<family::Offset> objects;
  objects.reserve(attachments.size());
  for (const auto& attachment : attachments) objects.push_back(attachment.object);
  return object::Parcel(objects);
}

// The items of a vector's message begin here in its block, so that they are aligned whatever their type.
constexpr std::size_t kItemsAt = 64;
// In Lent::block, which is the address then: a loan lies in this process's own memory. Blocks begin at multiples of 64.
constexpr std::uint64_t kInOwnMemory = 1;

}  // namespace

// ---- making ---------------------------------------------------------------------------------------------------------

QueueHandle::QueueHandle(ObjectKind kind, const QueueOptions& options)
    : SharedHandle(kind, sizeof(QueueBody), [maxsize = options.maxsize](void* body) {
        queue::init_ring((new (body) QueueBody{})->ring, maxsize);
      }) {}

QueueHandle::QueueHandle(ObjectKind kind, std::size_t size, std::function<void(void* body)> init)
    : SharedHandle(kind, size, std::move(init)) {}

// ---- state ----------------------------------------------------------------------------------------------------------

std::string QueueHandle::operation(const char* verb) const {
  return std::string(ring::type_of_queue(ring_at(body()))) + '.' + verb;
}

// Apart from the look: what makes a text has its place on the stack, and a hardened build guards that at each call.
[[gnu::cold, gnu::noinline]] void QueueHandle::throw_closed(const char* verb) const {
  throw ClosedError(operation(verb), "", "this process has closed the queue");
}

// Who closes while others call orders that.
std::atomic<std::uint32_t>& QueueHandle::check_open(const char* verb) const {
  std::atomic<std::uint32_t>& flags = local_flags();
  if (LocalState(flags).closed()) [[unlikely]]
    throw_closed(verb);
  return flags;
}

std::size_t QueueHandle::qsize() const {
  check_open("qsize");
  return ring::item_count(ring_at(body()));
}

bool QueueHandle::empty() const {
  bool never_used = ring_at(body()).in.position.load(std::memory_order_relaxed) == 0;  // relaxed: a look
  if (!never_used) check_open("empty");
  return never_used || qsize() == 0;
}

bool QueueHandle::full() const {
  check_open("full");
  return ring::is_full(ring_at(body()));
}

std::size_t QueueHandle::maxsize() const { return ring_at(body()).max_items; }

void QueueHandle::close() {
  static_cast<void>(body());
  LocalState state(local_flags());
  (void)state.close();
  watch::end_polling(*this, state);
}

int QueueHandle::fileno() const {
  LocalState state(check_open("fileno"));
  void* queue = body();
  return watch::polled_descriptor(*this, state,
                                  object::operations_of(object::header_of(queue).kind).watch_point(queue));
}

bool QueueHandle::closed() const {
  static_cast<void>(body());
  return LocalState(local_flags()).closed();
}

void QueueHandle::join_thread() {
  if (!closed()) throw StateError(operation("join_thread"), "", "close() comes first");
}

void QueueHandle::cancel_join_thread() { static_cast<void>(body()); }

void QueueHandle::throw_empty(const Limits& limits) const {
  if (limits.until.stopped()) throw_stopped(operation(limits.verb));
  throw Empty(operation(limits.verb), "", "there was no item in time");
}

void QueueHandle::throw_full(const Limits& limits) const {
  if (limits.until.stopped()) throw_stopped(operation(limits.verb));
  throw Full(operation(limits.verb), "", "there was no room in time");
}

std::size_t QueueHandle::count_of(std::size_t done, std::size_t wanted, const Limits& limits) const {
  if (done == 0 && wanted != 0 && limits.until.stopped()) throw_stopped(operation(limits.verb));
  return done;
}

// ---- putting --------------------------------------------------------------------------------------------------------

std::size_t QueueHandle::put_plain(const void* values, std::size_t size, std::size_t count,
                                   const Limits& limits) const {
  check_open(limits.verb);
  RingBody& ring = ring_at(body());
  return ring::limited(limits.until.deadline, std::size_t{0}, [&] {
    return ring::put_plain(ring, static_cast<const std::byte*>(values), size, count, limits);
  });
}

bool QueueHandle::put_message(FunctionRef<void(Encoder&)> encode, const Limits& limits, Place place) const {
  check_open(limits.verb);
  return ring::limited(limits.until.deadline, false, [&] {
    MessageEncoder encoder(limits.until.deadline);
    {
      // Not while the user's code runs: what it does has its own deadlines.
      family::LockDeadline::Lifted lifted;
      encode(encoder);
    }
    return put_encoded(encoder, limits, place);
  });
}

bool QueueHandle::put_encoded(MessageEncoder& encoder, const Limits& limits, Place place) const {
  RingBody& ring = ring_at(body());
  object::Parcel parcel = parcel_of(encoder);
  std::span<const std::byte> bytes = encoder.bytes();
  Message message{.bytes = bytes.data(), .size = bytes.size(), .parcel = &parcel};
  // Room for the parcel's word beside the message.
  if (place == Place::ring && bytes.size() + sizeof(family::Offset) <= ring::kInlineMessage)
    return ring::put(ring, message, limits);
  Block block = encoder.take_block();
  if (!block) {
    block = Block(std::max<std::size_t>(bytes.size(), 1));
    std::copy(bytes.begin(), bytes.end(), block.place());
  }
  message.block = block.offset();
  if (!ring::put(ring, message, limits)) return false;
  block.give();
  return true;
}

QueueHandle::Lent QueueHandle::lend(std::size_t size, std::size_t count, const char* verb, bool taking) const {
  check_open(verb);
  std::byte prefix[10];
  std::size_t prefix_size = write_count(prefix, count);
  if (count > (std::numeric_limits<std::size_t>::max() / 2 - kItemsAt) / size)
    throw OutOfFamilyMemory(operation(verb), "", "so many items have no room in any memory");
  auto& family = Family::instance();
  std::size_t bytes = count * size;
  Lent lent{.start = kItemsAt - prefix_size, .size = prefix_size + bytes};
  std::byte* place = nullptr;
  try {
    lent.block = taking ? family.allocate_to_take(kItemsAt + bytes, family.self())
                        : family.allocate(kItemsAt + bytes, family.self());
    place = family.address(lent.block, kItemsAt + bytes);
  } catch (const OutOfFamilyMemory&) {
    if (!taking) throw;
    // The item is taken already, which is what makes room there.
    place = static_cast<std::byte*>(::operator new(kItemsAt + bytes, std::align_val_t{kItemsAt}));
    lent.block = reinterpret_cast<std::uintptr_t>(place) | kInOwnMemory;
  }
  std::memcpy(place + lent.start, prefix, prefix_size);
  lent.items = place + kItemsAt;
  return lent;
}

bool QueueHandle::publish(const Lent& lent, const Limits& limits) const {
  check_open(limits.verb);
  RingBody& ring = ring_at(body());
  return ring::limited(limits.until.deadline, false, [&] {
    if ((lent.block & kInOwnMemory) == 0)
      return ring::put(ring, {.size = lent.size, .block = lent.block, .start = lent.start}, limits);
    Block block(lent.start + lent.size);
    std::memcpy(block.place() + lent.start, reinterpret_cast<const std::byte*>(lent.block - kInOwnMemory) + lent.start,
                lent.size);
    if (!ring::put(ring, {.size = lent.size, .block = block.offset(), .start = lent.start}, limits)) return false;
    block.give();
    free_loan(lent.block);
    return true;
  });
}

bool QueueHandle::put_range(const void* items, std::size_t size, std::size_t count, const Limits& limits) const {
  Lent lent = ring::limited(limits.until.deadline, Lent{}, [&] { return lend(size, count, limits.verb, false); });
  if (lent.block == 0) return false;
  try {
    if (count != 0) std::memcpy(lent.items, items, size * count);
    if (publish(lent, limits)) return true;
  } catch (...) {
    Family::instance().free(lent.block);
    throw;
  }
  Family::instance().free(lent.block);
  return false;
}

// ---- getting --------------------------------------------------------------------------------------------------------

std::size_t QueueHandle::get_plain(void* to, std::size_t size, std::size_t most, const Limits& limits) const {
  auto& flags = check_open(limits.verb);
  RingBody& ring = ring_at(body());
  std::size_t taken = ring::limited(limits.until.deadline, std::size_t{0}, [&] {
    return ring::take_plain(ring, static_cast<std::byte*>(to), size, most, limits);
  });
  watch::note_taking(*this, LocalState(flags));
  return taken;
}

bool QueueHandle::get_message(ReceivedMessage& message, const Limits& limits) const {
  auto& flags = check_open(limits.verb);
  RingBody& ring = ring_at(body());
  bool taken = ring::limited(limits.until.deadline, false, [&] { return ring::take(ring, message, limits); });
  watch::note_taking(*this, LocalState(flags));
  return taken;
}

std::optional<std::size_t> QueueHandle::get_lent(Lent& lent, std::size_t size, const Limits& limits) const {
  ReceivedMessage message;
  if (!get_message(message, limits)) return std::nullopt;
  std::span<const std::byte> bytes = message.bytes();
  Decoder in(bytes, DecodeLimits::within_family());
  const std::size_t count = in.read_count(size);
  const std::size_t start = in.position();
  std::span<const std::byte> items = in.read(count * size);
  in.expect_end();
  auto address = reinterpret_cast<std::uintptr_t>(items.data());
  if (message.block() != 0 && address % kItemsAt == 0) {
    lent.block = message.take_block().give();
    auto block = reinterpret_cast<std::uintptr_t>(Family::instance().address(lent.block, 1));
    lent.items = reinterpret_cast<std::byte*>(address);
    lent.start = address - start - block;
    lent.size = bytes.size();
  } else {
    lent = lend(size, count, limits.verb, true);
    std::copy(items.begin(), items.end(), lent.items);
  }
  return count;
}

void free_loan(std::uint64_t block) noexcept {
  if ((block & kInOwnMemory) != 0) {
    ::operator delete(reinterpret_cast<void*>(block - kInOwnMemory), std::align_val_t{kItemsAt});
    return;
  }
  (void)Block::adopt(block, 0);  // goes at once
}

}  // namespace cohort::detail
