// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/connection_ring.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "base/crash_point.hpp"
#include "connection/message_pieces.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"
#include "object/objects.hpp"
#include "os/cpu.hpp"
#include "park/wait_word.hpp"
#include "ring/own_block.hpp"
#include "ring/ring_sides.hpp"
#include "ring/ring_wait.hpp"
#include "ring/side_lock.hpp"
#include "watch/death_watch.hpp"
#include "watch/readiness.hpp"

namespace cohort::connection {

using ring::Consumer;
using ring::kMostInline;
using ring::kPartners;
using ring::kUnit;
using ring::Message;
using ring::OwnBlock;
using ring::Record;
using ring::RecordKind;
using ring::RingBody;
using ring::RingWait;
using ring::Taken;
using ring::units_between;
using ring::WaitLimits;
using ring::wake_partners;
using watch::DeathWatch;
using watch::kPolled;
using watch::look_after_taking;
using watch::polled_descriptor;
using watch::PolledObject;

using detail::MessageEncoder;
using detail::ReceivedMessage;
using detail::RingEnd;
using family::Family;
using object::JournalWrite;
using object::Objects;

// ---- the objects -----------------------------------------------------------------------------------------------------

namespace {

using ObjectKind = object::ObjectKind;

EndBody& end_of(void* body) { return *static_cast<EndBody*>(body); }
PipeBody& pipe_of(const EndBody& end) { return *static_cast<PipeBody*>(Objects::instance().body(end.pipe)); }

// Where senders sleep until ring[e] has room.
park::WaitWord room_word_of(PipeBody& pipe, std::uint32_t e) noexcept {
  return park::WaitWord(pipe.sending[e].room, park::Mark(pipe.wants_room[e], 1));
}

// All senders of ring[e] look again.
void wake_senders(PipeBody& pipe, std::uint32_t e) noexcept {
  pipe.wants_room[e].store(0, std::memory_order_relaxed);  // relaxed: who sleeps on sets it again
  room_word_of(pipe, e).notify(INT_MAX);
}

// Everybody who waits at either end looks again.
void wake_all(PipeBody& pipe) noexcept {
  // SYNC(watch): this fence -> the heavy one of who counted itself: either we see it, or it sees what we stored
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (std::uint32_t e : {0U, 1U}) {
    wake_partners(pipe.ring[e].in, INT_MAX);
    wake_senders(pipe, e);
  }
  ring_watchers(pipe.ring[0].in);
}

void end_member_died(family::Offset, void* body, family::MemberId dead) {
  EndBody& end = end_of(body);
  if (end.parcel.load(std::memory_order_relaxed) == 0) return;  // relaxed: set before anybody else knew the end
  PipeBody& pipe = pipe_of(end);
  for (std::uint32_t e : {0U, 1U}) {
    repair_after(pipe.ring[e], dead);
    repair_pieces(pipe, e, dead);
  }
}

void destroy_end(object::Destroyer& destroyer, void* body) {
  EndBody& end = end_of(body);
  if (end.parcel.load(std::memory_order_relaxed) == 0) return;  // relaxed: nobody refers to the end any more
  PipeBody& pipe = pipe_of(end);
  // SYNC(closed): release here -> acquire in peer_closed(); carries all that was sent through this end
  pipe.closed[end.end & 1].store(1, std::memory_order_release);
  COHORT_CRASH_POINT("channel.pipe.closed");
  wake_all(pipe);
  COHORT_CRASH_POINT("channel.pipe.close_told");
  destroyer.free_parcel(end.parcel);
}

void destroy_pipe(object::Destroyer& destroyer, void* body) {
  auto& pipe = *static_cast<PipeBody*>(body);
  destroy(pipe.ring[0], destroyer);
  COHORT_CRASH_POINT("channel.pipe.half_destroyed");
  destroy(pipe.ring[1], destroyer);
  for (auto& receiving : pipe.receiving)
    // relaxed: nobody else is here
    if (receiving.begun.load(std::memory_order_relaxed) != 0) destroyer.free_block(receiving.begun);
}

const bool kEndsKnown =
    object::register_object_kind(ObjectKind::connection, {.member_died = end_member_died, .destroy = destroy_end});
const bool kPipesKnown =
    object::register_object_kind(ObjectKind::pipe, {.member_died = nullptr, .destroy = destroy_pipe});

// An object of ours, with a reference in our ledger until this goes.
class Made {
 public:
  explicit Made(Objects::Entry entry) noexcept : entry_(entry) {}
  ~Made() {
    try {
      Objects::instance().drop(entry_);
    } catch (...) {  // NOLINT(bugprone-empty-catch)
      // The reference goes with this process.
    }
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  [[nodiscard]] family::Offset object() const noexcept { return entry_.object; }

 private:
  Objects::Entry entry_;
};

RingEnd make_end(family::Offset pipe, std::uint32_t which, std::uint32_t mode) {
  auto& family = Family::instance();
  object::Objects objects(family);
  Made end(objects.create(ObjectKind::connection, sizeof(EndBody), [&](void* body) {
    EndBody& made = end_of(body);
    made.pipe = pipe;
    made.end = which;
    made.mode = mode;
  }));
  std::array<family::Offset, 1> named{pipe};
  auto parcel = objects.make_parcel(named);
  std::array<JournalWrite, 1> write{
      JournalWrite{family.offset_of(&end_of(objects.body(end.object())).parcel), parcel.object}};
  objects.give_parcel(parcel, write);
  COHORT_CRASH_POINT("channel.pipe.end_made");
  detail::HandleName name;
  auto id = family.id();
  std::memcpy(name.family, id.data(), sizeof name.family);
  name.offset = end.object();
  name.generation = objects.generation(end.object());
  name.kind = static_cast<std::uint32_t>(RingEnd::kKind);
  return RingEnd(name);
}

}  // namespace

std::pair<RingEnd, RingEnd> make_ring_pipe(bool duplex, std::uint64_t capacity) {
  auto objects = Objects::instance();
  Made pipe(objects.create(ObjectKind::pipe, sizeof(PipeBody), [&](void* body) {
    auto* made = new (body) PipeBody{};
    made->capacity = capacity;
    made->piece = kPiece;
    // What a send rings for.
    for (RingBody& ring : made->ring) ring.in.object = Family::instance().offset_of(body);
  }));
  COHORT_CRASH_POINT("channel.pipe.made");
  std::uint32_t both = kMayReceive | kMaySend;
  RingEnd first = make_end(pipe.object(), 0, duplex ? both : kMayReceive);
  return {std::move(first), make_end(pipe.object(), 1, duplex ? both : kMaySend)};
}

// ---- open and closed in this process ---------------------------------------------------------------------------------

namespace {

// RingEnd::local_flags(): the number of calls that use the end, kPolled, and whether this process has closed it. A copy of
// the process that was forked while other threads were in a call finds their number too large: its close() then lets go of
// the end only with the process.
constexpr std::uint32_t kClosed = std::uint32_t{1} << 31;

}  // namespace

EndUse::EndUse(const RingEnd& end, const char* operation)
    : handle_(const_cast<RingEnd&>(end)), flags_(end.local_flags()), operation_(operation) {
  // relaxed: a count, and a flag that is looked at again
  if ((flags_.fetch_add(1, std::memory_order_relaxed) & kClosed) != 0) {
    flags_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: this call has touched nothing
    throw ClosedError(operation, "", "this process has closed this end of the pipe");
  }
  try {
    EndBody& body = end_of(end.shared_body());
    pipe_ = &pipe_of(body);
    end_ = body.end & 1;
    mode_ = body.mode;
  } catch (...) {
    flags_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: as above
    throw;
  }
}

EndUse::~EndUse() {
  // SYNC(use): release here -> acquire of who lets go; carries that this call is over
  if ((flags_.fetch_sub(1, std::memory_order_acq_rel) & ~kPolled) == (kClosed | 1)) handle_.let_go();
}

bool EndUse::closed() const noexcept {
  return (flags_.load(std::memory_order_relaxed) & kClosed) != 0;  // relaxed: a flag
}

void EndUse::check_open() const {
  if (closed()) throw ClosedError(operation_, "", "another thread has closed this end of the pipe");
}

void ring_close(RingEnd& end) noexcept {
  if (end.is_null()) return;
  try {
    std::atomic<std::uint32_t>& flags = end.local_flags();
    // Waits that are under way must end, but only while the memory is certainly there.
    std::optional<EndUse> use;
    // relaxed: a flag, which fetch_or() looks at again
    if ((flags.load(std::memory_order_relaxed) & kClosed) == 0) use.emplace(end, "Connection.close");
    // SYNC(use): as in ~EndUse()
    if ((flags.fetch_or(kClosed, std::memory_order_acq_rel) & kClosed) != 0 || !use) return;
    // relaxed: a count
    if ((flags.load(std::memory_order_relaxed) & ~(kClosed | kPolled)) > 1) wake_all(use->pipe());
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // Another thread was quicker, or the family was left: it is closed.
  }
}

bool ring_closed(const RingEnd& end) noexcept {
  if (end.is_null()) return true;
  return (end.local_flags().load(std::memory_order_relaxed) & kClosed) != 0;  // relaxed: a flag
}

std::uint32_t ring_mode(const RingEnd& end) { return EndUse(end, "Connection").mode(); }

// ---- room ------------------------------------------------------------------------------------------------------------

namespace {

bool peer_closed(const EndUse& use) noexcept {
  // SYNC(closed): as in destroy_end()
  return use.pipe().closed[use.peer()].load(std::memory_order_acquire) != 0;
}

// Bytes in blocks in ring[e]. Too many after deaths, never too few for long.
std::uint64_t block_bytes(const PipeBody& pipe, std::uint32_t e) noexcept {
  // relaxed: both: a measure
  auto taken = pipe.receiving[e].taken.load(std::memory_order_relaxed);
  auto between = static_cast<std::int64_t>(pipe.sending[e].given.load(std::memory_order_relaxed) - taken);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(between, 0));
}

std::uint64_t bytes_in(const PipeBody& pipe, std::uint32_t e) noexcept {
  // relaxed: both: a measure; out first, so that it is not beyond in
  auto out = pipe.ring[e].out.position.load(std::memory_order_relaxed);
  auto in = pipe.ring[e].in.position.load(std::memory_order_relaxed);
  return units_between(out, in) * kUnit + block_bytes(pipe, e);
}

bool has_room(PipeBody& pipe, std::uint32_t e) noexcept {
  RingBody& ring = pipe.ring[e];
  // First without a look at what receivers write: `seen` is a position of theirs from some time ago.
  // relaxed: both: a measure; when they do not match, the number is huge
  auto in = ring.in.position.load(std::memory_order_relaxed);
  auto seen = pipe.sending[e].seen.load(std::memory_order_relaxed);
  if (units_between(seen, in) * kUnit + block_bytes(pipe, e) < pipe.capacity) [[likely]]
    return true;
  auto given = pipe.sending[e].given.load(std::memory_order_relaxed);  // relaxed: the compare-exchange decides
  // relaxed: both: a hint
  pipe.sending[e].seen.store(ring.out.position.load(std::memory_order_relaxed), std::memory_order_relaxed);
  if (bytes_in(pipe, e) < pipe.capacity) return true;
  if (item_count(ring) != 0) return false;
  // It is empty: what seems to be left was counted by processes that died. Unless somebody is just sending.
  // relaxed: both: a measure
  pipe.sending[e].given.compare_exchange_strong(given, pipe.receiving[e].taken.load(std::memory_order_relaxed),
                                                std::memory_order_relaxed);
  return true;
}

// After a message was taken from ring[e].
void made_room(PipeBody& pipe, std::uint32_t e, std::size_t in_block) noexcept {
  // relaxed: a measure
  if (in_block != 0) pipe.receiving[e].taken.fetch_add(in_block, std::memory_order_relaxed);
  COHORT_CRASH_POINT("channel.pipe.counted");
  // SYNC(room): either we see the mark, or the sender sees the room (other side: the heavy fence of WaitWord::announce())
  if (room_word_of(pipe, e).anyone_asleep(sync::this_thread().fences) && bytes_in(pipe, e) <= pipe.capacity / 2)
      [[unlikely]]
    wake_senders(pipe, e);
}

void at_room_place(park::Place place) noexcept {
  if (place == park::Place::announced) COHORT_CRASH_POINT("channel.pipe.wants_room");
}

// Waits until ring[e] may have room. False: the deadline has passed, or a stop was requested.
class RoomWait {
 public:
  RoomWait(const EndUse& use, const WaitLimits& limits) noexcept : use_(use), limits_(limits) {}

  bool again() {
    if (limits_.over()) return false;
    PipeBody& pipe = use_.pipe();
    // relaxed: a hint
    auto cpu = static_cast<int>(pipe.ring[use_.peer()].out.cpu.load(std::memory_order_relaxed)) - 1;
    park::Progress progress;
    auto look = [&] {
      if (progress.spinning) return is_roomy();
      if (progress.slept) deaths_.look();
      return ready();
    };
    park::Hooks hooks{.spin = {.after_each_sleep = true},
                      .beside = cpu >= 0 && cpu == os::current_cpu(),
                      .patience = park::Patience::of_an_idle_waiter(),
                      .at = at_room_place};
    return room_word_of(pipe, use_.peer()).wait(look, limits_, hooks, progress).ready();
  }

 private:
  bool is_over() const noexcept { return peer_closed(use_) || use_.closed(); }
  bool is_sending() const noexcept { return is_busy(use_.pipe().sending[use_.peer()].busy); }
  bool ready() const noexcept { return (has_room(use_.pipe(), use_.peer()) && !is_sending()) || is_over(); }
  // A sender that went on at the first message taken would find it full again after one, and look at the receivers'
  // line, which they need, for each message.
  bool is_roomy() const noexcept {
    return (bytes_in(use_.pipe(), use_.peer()) <= use_.pipe().capacity / 4 * 3 && !is_sending()) || is_over();
  }

  const EndUse& use_;
  const WaitLimits& limits_;
  DeathWatch deaths_;
};

}  // namespace

// ---- sending ---------------------------------------------------------------------------------------------------------

namespace {

// What `call` returns; `late` when another process, which may be stopped, held a lock of ours until the deadline.
template <class Result, class Call>
Result within(const WaitLimits& limits, Result late, Call call) {
  if (limits.deadline.is_never()) return call();
  family::LockDeadline limit(limits.deadline);
  try {
    return call();
  } catch (const family::LockedOut&) { return late; }
}

[[noreturn]] void throw_broken(const EndUse& use) {
  // Nobody can receive what lies in this direction any more; handles in it would keep their objects.
  drop_all(use.pipe(), use.peer());
  throw OsError(EPIPE, use.operation(), "the other end of the pipe is closed");
}

// Waits for room. False on the deadline or a stop.
bool wait_for_room(const EndUse& use, const WaitLimits& limits) {
  std::optional<RoomWait> wait;
  while (true) {
    use.check_open();
    if (peer_closed(use)) throw_broken(use);
    if (has_room(use.pipe(), use.peer()) && !is_busy(use.pipe().sending[use.peer()].busy)) [[likely]]
      return true;
    if (!wait) wait.emplace(use, limits);
    if (!wait->again()) return false;
  }
}

void put_now(const EndUse& use, const Message& message) {
  PipeBody& pipe = use.pipe();
  // relaxed: a measure
  if (message.block != 0) pipe.sending[use.peer()].given.fetch_add(message.size, std::memory_order_relaxed);
  COHORT_CRASH_POINT("channel.pipe.given");
  try {
    (void)try_put(pipe.ring[use.peer()], message);  // the rings of pipes have no bound of items
  } catch (...) {
    // relaxed: a measure
    if (message.block != 0) pipe.sending[use.peer()].given.fetch_sub(message.size, std::memory_order_relaxed);
    throw;
  }
  COHORT_CRASH_POINT("channel.pipe.put");
}

void check_may_send(const EndUse& use) {
  if ((use.mode() & kMaySend) == 0)
    throw StateError(use.operation(), "", "this end of the pipe only receives: send through the other one");
}

void check_may_receive(const EndUse& use) {
  if ((use.mode() & kMayReceive) == 0)
    throw StateError(use.operation(), "", "this end of the pipe only sends: receive at the other one");
}

}  // namespace

namespace {

// Whoever could receive that has it already; and should nobody receive it, the end would keep itself open.
void refuse_own_receiver(const EndUse& use, family::Offset object) {
  auto& family = Family::instance();
  if (family.at<object::ObjectHeader>(object)->kind != static_cast<std::uint32_t>(ObjectKind::connection)) return;
  EndBody& named = end_of(object::Objects(family).body(object));
  if (named.end == use.peer() && &pipe_of(named) == &use.pipe())
    throw EncodeError(use.operation(), "", "an end of a pipe cannot be sent to itself");
}

}  // namespace

namespace {

bool send_message(const EndUse& use, MessageEncoder& encoder, const WaitLimits& limits) {
  if (!wait_for_room(use, limits)) return false;
  Message message;
  message.bytes = encoder.bytes().data();
  message.size = encoder.bytes().size();
  message.block = encoder.block();
  if (!encoder.has_attachments()) [[likely]] {
    put_now(use, message);
    encoder.forget_block();
    return true;
  }
  // Until it is in the ring, the message's objects are kept by what the encoder was given.
  std::vector<Encoder::Attachment> attachments = encoder.take_attachments();
  std::vector<family::Offset> named;
  named.reserve(attachments.size());
  for (const auto& attachment : attachments) {
    refuse_own_receiver(use, attachment.object);
    named.push_back(attachment.object);
  }
  auto objects = Objects::instance();
  auto parcel = objects.make_parcel(named);
  message.parcel = {parcel.object, parcel.index};
  try {
    put_now(use, message);
  } catch (...) {
    objects.free_parcel(parcel);
    throw;
  }
  encoder.forget_block();
  return true;
}

bool send_message(const EndUse& use, std::span<const std::byte> bytes, const WaitLimits& limits) {
  if (!wait_for_room(use, limits)) return false;
  if (goes_in_pieces(use.pipe(), bytes.size())) {
    bool whole = put_pieces(use.pipe(), use.peer(), bytes, [&] { return use.closed() || peer_closed(use); });
    // Those who wait for their turn.
    room_word_of(use.pipe(), use.peer()).wake_all(sync::this_thread().fences);  // SYNC(room): as in made_room()
    if (whole) return true;
    use.check_open();
    throw_broken(use);
  }
  Message message;
  message.bytes = bytes.data();
  message.size = bytes.size();
  if (bytes.size() <= kMostInline) {
    put_now(use, message);
    return true;
  }
  OwnBlock block(bytes.size());
  message.block = block.offset();
  std::memcpy(block.place(), bytes.data(), bytes.size());
  COHORT_CRASH_POINT("channel.pipe.copied");
  put_now(use, message);
  block.forget();
  return true;
}

}  // namespace

bool ring_send(const RingEnd& end, MessageEncoder& encoder, const WaitLimits& limits, const char* operation) {
  EndUse use(end, operation);
  check_may_send(use);
  return within(limits, false, [&] { return send_message(use, encoder, limits); });
}

bool ring_send(const RingEnd& end, std::span<const std::byte> bytes, const WaitLimits& limits, const char* operation) {
  EndUse use(end, operation);
  check_may_send(use);
  return within(limits, false, [&] { return send_message(use, bytes, limits); });
}

// ---- receiving -------------------------------------------------------------------------------------------------------

namespace {

bool has_items(const RingBody& ring) noexcept {
  // relaxed: both: who finds it so looks again under the lock
  return ring.in.position.load(std::memory_order_relaxed) != ring.out.position.load(std::memory_order_relaxed);
}

// The size of the oldest message; 0 when it comes in pieces.
std::optional<std::uint64_t> next_size(RingBody& ring) {
  Consumer consumer(ring);
  Record record;
  if (!consumer.next(record)) return std::nullopt;
  consumer.stay();
  if (record.kind == RecordKind::bytes) return record.size;
  if (record.kind == RecordKind::piece) return 0;
  std::uint64_t words[3];
  std::memcpy(words, record.payload, sizeof words);
  return words[2];
}

// One call that receives.
class Receive {
 public:
  Receive(const EndUse& use, ReceivedMessage& message, Assembly& assembly, std::size_t most, const WaitLimits& limits)
      : use_(use), message_(message), assembly_(assembly), most_(most), limits_(limits) {}

  enum class Outcome {
    taken,
    nothing,
    busy  ///< somebody else is in the middle of a message: what lies behind it is not to be seen yet
  };
  // Waits only within a message that comes in pieces.
  Outcome take() {
    PipeBody& pipe = use_.pipe();
    RingBody& ring = pipe.ring[use_.end()];
    if (is_busy(pipe.receiving[use_.end()].busy)) [[unlikely]]
      return Outcome::busy;
    if (has_begun_message(pipe, use_.end())) [[unlikely]] {
      Pieces result = take_in_pieces();
      if (result != Pieces::nothing) return outcome_of(result);
    }
    if (most_ != kAnyLength) {
      auto size = next_size(ring);
      if (!size) return Outcome::nothing;
      if (*size > most_) throw_too_long(use_.operation(), *size, most_);
    }
    Taken taken = try_take(ring, message_);
    if (taken == Taken::nothing) return Outcome::nothing;
    if (taken == Taken::comes_in_pieces) [[unlikely]] {
      Pieces result = take_in_pieces();
      // Pieces of a message that was cut are gone; perhaps another one lies behind them.
      return result == Pieces::nothing && has_items(ring) ? take() : outcome_of(result);
    }
    COHORT_CRASH_POINT("channel.pipe.taken");
    // Where other threads receive here as well, it may be another message than the one that was looked at.
    auto bytes = message_.bytes();
    made_room(pipe, use_.end(), bytes.size() > kMostInline ? bytes.size() : 0);
    tell_readiness();
    if (bytes.size() > most_) throw OversizedMessage(use_.operation(), {bytes.begin(), bytes.end()});
    return Outcome::taken;
  }

 private:
  Pieces take_in_pieces() {
    Pieces result = take_pieces(
        use_.pipe(), use_.end(), assembly_, message_, most_, limits_, [&] { return use_.closed(); }, use_.operation());
    made_room(use_.pipe(), use_.end(), 0);
    // Those who found us busy. made_room() has issued the fence that meets theirs.
    RingBody& ring = use_.pipe().ring[use_.end()];
    // relaxed: ordered by the fences
    if ((ring.in.waiters.load(std::memory_order_relaxed) & kPartners) != 0 && has_items(ring))
      wake_partners(ring.in, 1);
    tell_readiness();
    return result;
  }
  // Of a descriptor that fileno() has given out.
  void tell_readiness() const {
    // relaxed: a flag
    if ((use_.flags().load(std::memory_order_relaxed) & kPolled) != 0) [[unlikely]]
      look_after_taking(use_.handle(), use_.flags());
  }
  static Outcome outcome_of(Pieces result) noexcept {
    return result == Pieces::whole ? Outcome::taken : Outcome::nothing;
  }

  const EndUse& use_;
  ReceivedMessage& message_;
  Assembly& assembly_;
  std::size_t most_;
  const WaitLimits& limits_;
};

}  // namespace

namespace {

bool receive_message(const EndUse& use, ReceivedMessage& message, Assembly& assembly, std::size_t most,
                     const WaitLimits& limits) {
  RingBody& ring = use.pipe().ring[use.end()];
  Receive receive(use, message, assembly, most, limits);
  keep_pace(ring);
  if (receive.take() == Receive::Outcome::taken) [[likely]]
    return true;
  RingWait wait(ring.in, limits);
  DeathWatch deaths;
  while (true) {
    use.check_open();
    bool is_last = peer_closed(use);
    // A message that was sent before the close is there by now.
    Receive::Outcome outcome = is_last ? receive.take() : Receive::Outcome::busy;
    if (outcome == Receive::Outcome::taken) break;
    if (outcome == Receive::Outcome::nothing)
      throw EndOfFile(use.operation(), "", "the other end of the pipe is closed, and all it sent was received");
    if (!wait.again([&] { return can_receive(use) || use.closed(); }, deaths)) return false;
    if (receive.take() == Receive::Outcome::taken) break;
    deaths.look();  // of one that is in the middle of a message, perhaps
  }
  wait.finish([&] { return can_receive(use); });
  return true;
}

}  // namespace

bool ring_receive(const RingEnd& end, ReceivedMessage& message, Assembly& assembly, std::size_t most,
                  const WaitLimits& limits, const char* operation) {
  EndUse use(end, operation);
  check_may_receive(use);
  return within(limits, false, [&] { return receive_message(use, message, assembly, most, limits); });
}

bool can_receive(const EndUse& use) noexcept { return has_items(use.pipe().ring[use.end()]) || peer_closed(use); }

int ring_fileno(const RingEnd& end) {
  EndUse use(end, "Connection.fileno");
  check_may_receive(use);
  PipeBody& pipe = use.pipe();
  auto ready = [](const PolledObject& object) noexcept {
    const auto& polled = *static_cast<const PipeBody*>(object.body);
    // SYNC(closed): as in destroy_end()
    return has_items(polled.ring[object.end]) || polled.closed[1 - object.end].load(std::memory_order_acquire) != 0;
  };
  return polled_descriptor(end, use.flags(), {&pipe, &pipe.ring[use.end()].in, use.end(), ready});
}

bool ring_poll(const RingEnd& end, const WaitLimits& limits) {
  EndUse use(end, "Connection.poll");
  check_may_receive(use);
  if (can_receive(use)) return true;
  RingWait wait(use.pipe().ring[use.end()].in, limits);
  DeathWatch deaths;
  while (wait.again([&] { return can_receive(use) || use.closed(); }, deaths)) {
    use.check_open();
    if (can_receive(use)) {
      wait.finish([] { return true; });
      return true;
    }
  }
  return can_receive(use);
}

}  // namespace cohort::connection
