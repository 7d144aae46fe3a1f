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
#include "cohort/queue/loan.hpp"
#include "cohort/wire/decoder.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "object/objects.hpp"
#include "queue/leases.hpp"
#include "queue/queue_body.hpp"
#include "ring/byte_ring.hpp"
#include "ring/limited.hpp"
#include "ring/own_block.hpp"
#include "watch/readiness.hpp"

namespace cohort::detail {

using family::Family;
using object::Objects;
using queue::QueueBody;
using ring::Message;
using ring::OwnBlock;
using ring::RingBody;
using ring::WaitLimits;
using watch::LocalState;

namespace {

void member_died(family::Offset, void* body, family::MemberId dead) {
  auto& queue = *static_cast<QueueBody*>(body);
  ring::repair(queue.ring);
  if (queue.lease_count != 0) queue::return_leases(queue, dead);
}

void destroy(object::Destroyer& destroyer, void* body) {
  auto& queue = *static_cast<QueueBody*>(body);
  queue::destroy_leases(queue, destroyer);
  ring::destroy(queue.ring, destroyer);
}

constexpr object::ObjectOperations kOperations{.member_died = member_died, .destroy = destroy};
const bool kRegistered = object::register_object_kind(ObjectKind::queue, kOperations) &&
                         object::register_object_kind(ObjectKind::simple_queue, kOperations) &&
                         object::register_object_kind(ObjectKind::joinable_queue, kOperations);

QueueBody& queue_at(void* body) noexcept { return *static_cast<QueueBody*>(body); }

void init_ring(RingBody& ring, std::size_t maxsize) {
  ring.max_items = std::min<std::uint64_t>(maxsize, ring::kMostItems);
  // The body's own offset: in init() it has its final place.
  ring.in.object = ring.out.object = Family::instance().offset_of(&ring);
}

std::size_t lease_count(const JoinableQueueOptions& options) {
  if (!options.redeliver) return 0;
  if (options.most_unfinished_gets == 0 || options.most_unfinished_gets > 1u << 20)
    throw ValueError("JoinableQueue", "most_unfinished_gets", "it must lie between 1 and 1048576");
  return options.most_unfinished_gets;
}

// Bytes of a count in a message (docs/formats/codec.md), written to `to`.
std::size_t write_count(std::byte* to, std::size_t count) noexcept {
  std::size_t used = 0;
  for (; count >= 0x80; count >>= 7) to[used++] = static_cast<std::byte>((count & 0x7f) | 0x80);
  to[used++] = static_cast<std::byte>(count);
  return used;
}

// The parcel of what an encoder's message names, freed unless it was given away.
class Parcel {
 public:
  explicit Parcel(MessageEncoder& encoder) {
    if (!encoder.has_attachments()) return;
    auto attachments = encoder.take_attachments();
    std::vector<family::Offset> objects;
    objects.reserve(attachments.size());
    for (const auto& attachment : attachments) objects.push_back(attachment.object);
    Objects::Entry made = Objects::instance().make_parcel(objects);
    entry_ = {made.object, made.index};
  }
  ~Parcel() {
    if (entry_.object == 0) return;
    try {
      Objects::instance().free_parcel({entry_.object, entry_.index});
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
  }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;
  [[nodiscard]] ParcelEntry entry() const noexcept { return entry_; }
  void forget() noexcept { entry_ = {}; }

 private:
  ParcelEntry entry_;
};

// The items of a vector's message begin here in its block, so that they are aligned whatever their type.
constexpr std::size_t kItemsAt = 64;
// In Lent::block, which is the address then: a loan lies in this process's own memory. Blocks begin at multiples of 64.
constexpr std::uint64_t kInOwnMemory = 1;

}  // namespace

// ---- making ----------------------------------------------------------------------------------------------------------

QueueHandle::QueueHandle(ObjectKind kind, const QueueOptions& options)
    : SharedHandle(kind, sizeof(QueueBody),
                   [maxsize = options.maxsize](void* body) { init_ring((new (body) QueueBody{})->ring, maxsize); }) {}

QueueHandle::QueueHandle(ObjectKind kind, const JoinableQueueOptions& options)
    : SharedHandle(kind, sizeof(QueueBody) + lease_count(options) * sizeof(queue::Lease),
                   [maxsize = options.maxsize, leases = lease_count(options)](void* body) {
                     auto* queue = new (body) QueueBody{};
                     init_ring(queue->ring, maxsize);
                     queue->lease_count = static_cast<std::uint32_t>(leases);
                   }) {}

// ---- state -----------------------------------------------------------------------------------------------------------

std::string QueueHandle::operation(const char* verb) const {
  const RingBody& ring = queue_at(body()).ring;
  return std::string(ring::type_of_queue(const_cast<RingBody&>(ring))) + '.' + verb;
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

inline void QueueHandle::took(std::atomic<std::uint32_t>& flags) const noexcept {
  LocalState state(flags);
  if (state.polled()) [[unlikely]]
    watch::look_after_taking(*this, state);
}

std::size_t QueueHandle::qsize() const {
  check_open("qsize");
  QueueBody& queue = queue_at(body());
  return ring::item_count(queue.ring) + queue::returned_leases(queue);
}

bool QueueHandle::empty() const {
  QueueBody& queue = queue_at(body());
  bool never_used = queue.ring.in.position.load(std::memory_order_relaxed) == 0;  // relaxed: a look
  if (!never_used) check_open("empty");
  return never_used || qsize() == 0;
}

bool QueueHandle::full() const {
  check_open("full");
  return ring::is_full(queue_at(body()).ring);
}

std::size_t QueueHandle::maxsize() const { return queue_at(body()).ring.max_items; }

void QueueHandle::close() {
  static_cast<void>(body());
  LocalState state(local_flags());
  (void)state.close();
  watch::end_polling(*this, state);
}

int QueueHandle::fileno() const {
  LocalState state(check_open("fileno"));
  QueueBody& queue = queue_at(body());
  auto ready = [](const watch::WatchPoint& point) noexcept {
    const auto& polled = *static_cast<const QueueBody*>(point.body);
    // relaxed: a hint that is never too low
    return ring::item_count(polled.ring) != 0 || polled.returned.load(std::memory_order_relaxed) != 0;
  };
  return watch::polled_descriptor(*this, state, {&queue, ready, &queue.ring.in});
}

bool QueueHandle::closed() const {
  static_cast<void>(body());
  return LocalState(local_flags()).closed();
}

void QueueHandle::join_thread() {
  if (!closed()) throw StateError(operation("join_thread"), "", "close() comes first");
}

void QueueHandle::cancel_join_thread() { static_cast<void>(body()); }

std::uint64_t QueueHandle::takeovers() const { return ring::takeovers(queue_at(body()).ring); }

void QueueHandle::throw_empty(const Limits& limits) const {
  if (limits.stopped()) throw_stopped(operation(limits.verb));
  throw Empty(operation(limits.verb), "", "there was no item in time");
}

void QueueHandle::throw_full(const Limits& limits) const {
  if (limits.stopped()) throw_stopped(operation(limits.verb));
  throw Full(operation(limits.verb), "", "there was no room in time");
}

std::size_t QueueHandle::count_of(std::size_t done, std::size_t wanted, const Limits& limits) const {
  if (done == 0 && wanted != 0 && limits.stopped()) throw_stopped(operation(limits.verb));
  return done;
}

// ---- putting ---------------------------------------------------------------------------------------------------------

std::size_t QueueHandle::put_plain(const void* values, std::size_t size, std::size_t count,
                                   const Limits& limits) const {
  check_open(limits.verb);
  QueueBody& queue = queue_at(body());
  const auto* bytes = static_cast<const std::byte*>(values);
  if (queue.lease_count != 0) [[unlikely]]
    return put_plain_in_blocks(bytes, size, count, limits);
  return ring::limited(limits.deadline, std::size_t{0},
                       [&] { return ring::put_plain(queue.ring, bytes, size, count, limits); });
}

// With redelivery every item lies in a block of its own.
std::size_t QueueHandle::put_plain_in_blocks(const std::byte* values, std::size_t size, std::size_t count,
                                             const Limits& limits) const {
  RingBody& ring = queue_at(body()).ring;
  family::LockDeadline limit(limits.deadline);
  std::size_t done = 0;
  try {
    for (; done < count; ++done) {
      OwnBlock block(size);
      std::copy_n(values + done * size, size, block.place());
      if (!ring::put(ring, {.size = size, .block = block.offset()}, limits)) break;
      block.forget();
    }
  } catch (const family::LockedOut&) {  // NOLINT(bugprone-empty-catch): as when the deadline has passed
  }
  return done;
}

bool QueueHandle::put_message(FunctionRef<void(Encoder&)> encode, const Limits& limits) const {
  check_open(limits.verb);
  return ring::limited(limits.deadline, false, [&] {
    MessageEncoder encoder(limits.deadline);
    {
      // Not while the user's code runs: what it does has its own deadlines.
      family::LockDeadline::Lifted lifted;
      encode(encoder);
    }
    return put_encoded(encoder, limits);
  });
}

bool QueueHandle::put_encoded(MessageEncoder& encoder, const Limits& limits) const {
  QueueBody& queue = queue_at(body());
  Parcel parcel(encoder);
  std::span<const std::byte> bytes = encoder.bytes();
  Message message{.bytes = bytes.data(), .size = bytes.size(), .parcel = parcel.entry()};
  // Room for the parcel's word beside the message.
  if (queue.lease_count == 0 && bytes.size() + sizeof(family::Offset) <= ring::kMostInline) {
    if (!ring::put(queue.ring, message, limits)) return false;
    parcel.forget();
    return true;
  }
  message.block = encoder.block();
  std::optional<OwnBlock> own;
  if (message.block == 0) {
    own.emplace(std::max<std::size_t>(bytes.size(), 1));
    std::copy(bytes.begin(), bytes.end(), own->place());
    message.block = own->offset();
  }
  if (!ring::put(queue.ring, message, limits)) return false;
  parcel.forget();
  if (own)
    own->forget();
  else
    encoder.forget_block();
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
  RingBody& ring = queue_at(body()).ring;
  return ring::limited(limits.deadline, false, [&] {
    if ((lent.block & kInOwnMemory) == 0)
      return ring::put(ring, {.size = lent.size, .block = lent.block, .start = lent.start}, limits);
    OwnBlock block(lent.start + lent.size);
    std::memcpy(block.place() + lent.start, reinterpret_cast<const std::byte*>(lent.block - kInOwnMemory) + lent.start,
                lent.size);
    if (!ring::put(ring, {.size = lent.size, .block = block.offset(), .start = lent.start}, limits)) return false;
    block.forget();
    free_loan(lent.block);
    return true;
  });
}

bool QueueHandle::put_range(const void* items, std::size_t size, std::size_t count, const Limits& limits) const {
  Lent lent = ring::limited(limits.deadline, Lent{}, [&] { return lend(size, count, limits.verb, false); });
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

// ---- getting ---------------------------------------------------------------------------------------------------------

std::size_t QueueHandle::get_plain(void* to, std::size_t size, std::size_t most, const Limits& limits) const {
  auto& flags = check_open(limits.verb);
  QueueBody& queue = queue_at(body());
  auto* bytes = static_cast<std::byte*>(to);
  if (queue.lease_count != 0) [[unlikely]]
    return get_plain_leases(bytes, size, most, limits);
  std::size_t taken = ring::limited(limits.deadline, std::size_t{0},
                                    [&] { return ring::take_plain(queue.ring, bytes, size, most, limits); });
  took(flags);
  return taken;
}

std::size_t QueueHandle::get_plain_leases(std::byte* to, std::size_t size, std::size_t most,
                                          const Limits& limits) const {
  QueueBody& queue = queue_at(body());
  auto& flags = local_flags();
  const Limits at_once{Deadline::now(), limits.verb};
  std::size_t done = 0;
  for (; done < most; ++done) {
    ReceivedMessage message;
    const Limits& wait = done == 0 ? limits : at_once;
    if (!ring::limited(wait.deadline, false, [&] { return queue::take_lease(queue, message, wait); })) break;
    took(flags);
    if (message.bytes().size() != size)
      throw DecodeError(operation(limits.verb), "", "the item has another size than items of this type: use one type");
    std::copy(message.bytes().begin(), message.bytes().end(), to + done * size);
  }
  return done;
}

bool QueueHandle::get_message(ReceivedMessage& message, const Limits& limits) const {
  auto& flags = check_open(limits.verb);
  QueueBody& queue = queue_at(body());
  bool taken = ring::limited(limits.deadline, false, [&] {
    return queue.lease_count == 0 ? ring::take(queue.ring, message, limits) : queue::take_lease(queue, message, limits);
  });
  took(flags);
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
    lent.block = message.take_block();
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
  // A family that was left has taken our blocks back already.
  if (!Family::self_or_nobody()) return;
  try {
    Family::instance().free(block);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

// ---- joining ---------------------------------------------------------------------------------------------------------

void QueueHandle::task_done_core(Deadline deadline) const {
  check_open("task_done");
  enum class Outcome { done, too_often, too_late };
  auto finish = [&] { return queue::finish_item(queue_at(body())) ? Outcome::done : Outcome::too_often; };
  Outcome outcome = ring::limited(deadline, Outcome::too_late, finish);
  if (outcome == Outcome::too_late)
    throw TimeoutError(operation("task_done"), "",
                       "another process, which may be stopped, was in the middle of a call; nothing was done");
  if (outcome == Outcome::too_often)
    throw ValueError(operation("task_done"), "", "it was called more often than items were taken");
}

bool QueueHandle::join_core(const Limits& limits) const {
  check_open("join");
  const bool finished = queue::wait_until_finished(queue_at(body()), limits);
  if (!finished && limits.stopped()) throw_stopped(operation(limits.verb));
  return finished;
}

}  // namespace cohort::detail
