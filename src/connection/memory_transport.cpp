// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/memory_transport.hpp"

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "cohort/object/block.hpp"
#include "cohort/sync/handle_codec.hpp"
#include "connection/lane.hpp"
#include "connection/message_pieces.hpp"
#include "connection/partial_message.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "os/cpu.hpp"
#include "park/wait_word.hpp"
#include "ring/limited.hpp"
#include "ring/reader.hpp"
#include "ring/ring.hpp"
#include "ring/ring_wait.hpp"
#include "watch/death_watch.hpp"
#include "watch/readiness.hpp"

namespace cohort::connection {

using detail::ArrivedMessage;
using detail::MessageEncoder;
using detail::ReceivedMessage;
using family::Family;
using object::Block;
using object::Objects;
using ring::kInlineMessage;
using ring::Message;
using ring::Reader;
using ring::Received;
using ring::Record;
using ring::RecordKind;
using ring::RingWait;
using watch::DeathWatch;

// ---- a call ---------------------------------------------------------------------------------------------------------

/// A use of the end, with the pipe as it lies in this process.
class MemoryTransport::Call : public Use {
 public:
  Call(MemoryTransport& transport, const char* operation)
      : Use(transport, operation),
        transport_(transport),
        end_(transport.end_.end()),
        pipe_(pipe_of(end_)),
        number_(end_.end & 1) {}

  [[nodiscard]] PipeBody& pipe() const noexcept { return pipe_; }
  [[nodiscard]] Lane receiving() const noexcept { return {pipe_, number_}; }
  [[nodiscard]] Lane sending() const noexcept { return {pipe_, 1 - number_}; }
  [[nodiscard]] bool may_receive() const noexcept { return (end_.mode & kMayReceive) != 0; }
  [[nodiscard]] bool may_send() const noexcept { return (end_.mode & kMaySend) != 0; }
  void check_may_send() const {
    if (!may_send())
      throw StateError(operation(), "", "this end of the pipe only receives: send through the other one");
  }
  void check_may_receive() const {
    if (!may_receive()) throw StateError(operation(), "", "this end of the pipe only sends: receive at the other one");
  }
  /// Of the descriptor that fileno() has given out.
  void tell_readiness() const noexcept { watch::note_taking(transport_.end_, transport_.state()); }

 private:
  MemoryTransport& transport_;
  EndBody& end_;
  PipeBody& pipe_;
  std::uint32_t number_;
};

// ---- sending --------------------------------------------------------------------------------------------------------

namespace {

void at_room_place(park::Place place) noexcept {
  if (place == park::Place::announced) COHORT_CRASH_POINT("channel.pipe.wants_room");
}

// Waits until a lane may have space. False: the deadline has passed, or a stop was requested.
class SpaceWait {
 public:
  SpaceWait(const Lane& lane, FunctionRef<bool()> is_over, const Until& until) noexcept
      : lane_(lane), is_over_(is_over), until_(until) {}

  bool again() {
    if (until_.over()) return false;
    // relaxed: a hint
    auto cpu = static_cast<int>(lane_.ring().out.cpu.load(std::memory_order_relaxed)) - 1;
    park::Progress progress;
    auto look = [&] {
      if (progress.spinning) return has_much_space();
      if (progress.slept) deaths_.look();
      return ready();
    };
    park::Hooks hooks{.spin = {.after_each_sleep = true},
                      .beside = cpu >= 0 && cpu == os::current_cpu(),
                      .patience = park::Patience::of_an_idle_waiter(),
                      .at = at_room_place};
    return lane_.space_word().wait(look, until_, hooks, progress).ready();
  }

 private:
  bool ready() const { return (lane_.send_space() && !lane_.sender_in_message()) || is_over_(); }
  // A sender that went on at the first message taken would find it full again after one, and look at the receivers'
  // line, which they need, for each message.
  bool has_much_space() const {
    return (lane_.bytes_under_way() <= lane_.pipe().capacity / 4 * 3 && !lane_.sender_in_message()) || is_over_();
  }

  const Lane& lane_;
  FunctionRef<bool()> is_over_;
  const Until& until_;
  DeathWatch deaths_;
};

[[noreturn]] void throw_broken(const Lane& lane, const char* operation) {
  // Nobody can receive what lies in this direction any more; handles in it would keep their objects.
  drop_all(lane);
  throw OsError(EPIPE, operation, "the other end of the pipe is closed");
}

// Until there is space to send into. False on the deadline or a stop.
template <class Call>
bool wait_for_space(const Call& call, const Lane& lane, const Until& until) {
  auto is_over = [&] { return lane.receiver_closed() || call.closed(); };
  std::optional<SpaceWait> wait;
  while (true) {
    call.check_open();
    if (lane.receiver_closed()) throw_broken(lane, call.operation());
    if (lane.send_space() && !lane.sender_in_message()) [[likely]]
      return true;
    if (!wait) wait.emplace(lane, is_over, until);
    if (!wait->again()) return false;
  }
}

void put_now(const Lane& lane, const Message& message) {
  if (message.block != 0) lane.count_given(message.size);
  COHORT_CRASH_POINT("channel.pipe.given");
  try {
    (void)try_put(lane.ring(), message);  // the rings of pipes have no bound of items
  } catch (...) {
    if (message.block != 0) lane.count_not_given(message.size);
    throw;
  }
  COHORT_CRASH_POINT("channel.pipe.put");
}

// The only receiver of such a message already holds the end; if it were never received, the end would keep itself
// alive.
void refuse_own_receiver(const Lane& lane, const char* operation, family::Offset object) {
  auto& family = Family::instance();
  if (family.at<object::ObjectHeader>(object)->kind != static_cast<std::uint32_t>(object::ObjectKind::connection))
    return;
  auto& named = *static_cast<EndBody*>(object::Objects::instance().body(object));
  if (named.end == lane.to() && &pipe_of(named) == &lane.pipe())
    throw EncodeError(operation, "", "an end of a pipe cannot be sent to itself");
}

void put_with_attachments(const Lane& lane, MessageEncoder& encoder, Message& message, const char* operation) {
  // Until it is in the ring, the message's objects are kept by what the encoder was given.
  std::vector<Encoder::Attachment> attachments = encoder.take_attachments();
  std::vector<family::Offset> named;
  named.reserve(attachments.size());
  for (const auto& attachment : attachments) {
    refuse_own_receiver(lane, operation, attachment.object);
    named.push_back(attachment.object);
  }
  object::Parcel parcel(named);
  message.parcel = &parcel;
  put_now(lane, message);
}

void put_encoded(const Lane& lane, MessageEncoder& encoder, const char* operation) {
  Message message{.bytes = encoder.bytes().data(), .size = encoder.bytes().size(), .block = encoder.block()};
  if (!encoder.has_attachments()) [[likely]]
    put_now(lane, message);
  else
    put_with_attachments(lane, encoder, message, operation);
  (void)encoder.take_block().give();  // the ring's, if there was one
}

void put_bytes(const Lane& lane, std::span<const std::byte> bytes) {
  Message message{.bytes = bytes.data(), .size = bytes.size()};
  if (bytes.size() <= kInlineMessage) {
    put_now(lane, message);
    return;
  }
  Block block(bytes.size());
  message.block = block.offset();
  std::memcpy(block.place(), bytes.data(), bytes.size());
  COHORT_CRASH_POINT("channel.pipe.copied");
  put_now(lane, message);
  block.give();
}

}  // namespace

bool MemoryTransport::send_value(FunctionRef<void(Encoder&)> encode, const Until& until, const char* operation) {
  MessageEncoder encoder(until.deadline);
  try {
    encode(encoder);
  } catch (const family::LockedOut&) {
    // Of the encoder, for a block of the family memory. Nothing was sent.
    if (until.deadline.is_never()) throw;
    return false;
  }
  Call call(*this, operation);
  call.check_may_send();
  return ring::limited(until.deadline, false, [&] {
    Lane lane = call.sending();
    if (!wait_for_space(call, lane, until)) return false;
    put_encoded(lane, encoder, operation);
    return true;
  });
}

bool MemoryTransport::send(std::span<const std::byte> message, const Until& until, const char* operation) {
  Call call(*this, operation);
  call.check_may_send();
  return ring::limited(until.deadline, false, [&] {
    Lane lane = call.sending();
    if (!wait_for_space(call, lane, until)) return false;
    if (!goes_in_pieces(call.pipe(), message.size())) {
      put_bytes(lane, message);
      return true;
    }
    bool whole = put_pieces(lane, message, [&] { return call.closed() || lane.receiver_closed(); });
    // Those who wait for their turn.
    lane.space_word().wake_all(sync::this_thread().fences);  // SYNC(room): as in Lane::tell_space()
    if (whole) return true;
    call.check_open();
    throw_broken(lane, operation);
  });
}

// ---- receiving ------------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t kAnyLength = std::numeric_limits<std::size_t>::max();

std::uint64_t size_of(const Record& record) {
  if (record.kind == RecordKind::bytes) return record.size;
  std::uint64_t words[3];
  std::memcpy(words, record.payload, sizeof words);
  return words[2];
}

}  // namespace

/// One call that receives.
class MemoryTransport::Receiver {
 public:
  Receiver(const Call& call, ReceivedMessage& message, Assembly& assembly, std::size_t most, const Until& until)
      : call_(call),
        lane_(call.receiving()),
        message_(message),
        assembly_(assembly),
        limits_{most, until, call.operation()} {}

  /// Until there is a message. False on the deadline or a stop.
  bool receive() {
    delay_look(lane_.ring());
    if (take() == Received::message) [[likely]]
      return true;
    return wait_and_take();
  }

 private:
  bool wait_and_take() {
    RingWait wait(lane_.ring().in, limits_.until);
    DeathWatch deaths;
    while (true) {
      call_.check_open();
      if (lane_.sender_closed()) {
        // A message that was sent before the close is there by now.
        Received last = take();
        if (last == Received::message) break;
        if (last == Received::nothing)
          throw EndOfFile(call_.operation(), "", "the other end of the pipe is closed, and all it sent was received");
      }
      if (!wait.again([&] { return lane_.can_receive() || call_.closed(); }, deaths)) return false;
      if (take() == Received::message) break;
      deaths.look();  // of one that is in the middle of a message, perhaps
    }
    wait.finish([&] { return lane_.can_receive(); });
    return true;
  }

  // Waits only within a message that comes in pieces. later: another receiver is in the middle of a message, and what
  // lies behind it is not to be seen yet; or our limits are over in the middle of one.
  Received take();
  Received take_first(std::size_t& in_block, bool& in_pieces) {
    Reader reader(lane_.ring());
    if (has_partial_message(lane_)) [[unlikely]] {
      in_pieces = true;
      Received result = take_in_pieces(reader);
      if (result != Received::nothing) return result;
    }
    Record record;
    while (reader.next(record)) {
      if (record.kind == RecordKind::piece) [[unlikely]] {
        reader.stay();
        in_pieces = true;
        Received result = take_in_pieces(reader);
        if (result != Received::nothing) return result;
        continue;  // pieces of a message that was cut are gone; perhaps another one lies behind them
      }
      if (limits_.most != kAnyLength) check_length(reader, record);
      if (record.kind == RecordKind::block) in_block = size_of(record);
      take_record(reader, record, message_);
      return Received::message;
    }
    return Received::nothing;
  }
  Received take_in_pieces(Reader& reader) {
    Received result = take_pieces(lane_, reader, assembly_, limits_, [this] { return call_.closed(); });
    auto bytes = assembly_.bytes();
    if (result == Received::message) message_.set_bytes(bytes.data(), bytes.size());
    return result;
  }
  void check_length(Reader& reader, const Record& record) const {
    std::uint64_t size = size_of(record);
    if (size <= limits_.most) return;
    reader.stay();
    throw_too_long(call_.operation(), size, limits_.most);
  }
  // Those who found us busy. tell_space() has issued the fence that meets theirs.
  void wake_other_receiver() const noexcept {
    auto& in = lane_.ring().in;
    // relaxed: ordered by the fences
    if ((in.waiters.load(std::memory_order_relaxed) & ring::kPartners) != 0 && lane_.has_records())
      wake_partners(in, 1);
  }

  const Call& call_;
  const Lane lane_;
  ReceivedMessage& message_;
  Assembly& assembly_;
  const ReceiveLimits limits_;
};

// Not inline: it holds crash points.
Received MemoryTransport::Receiver::take() {
  if (lane_.receiver_in_message()) [[unlikely]]
    return Received::later;
  std::size_t in_block = 0;
  bool in_pieces = false;
  Received result = take_first(in_block, in_pieces);
  if (result == Received::nothing && !in_pieces) return result;
  if (result == Received::message && !in_pieces) COHORT_CRASH_POINT("channel.pipe.taken");
  if (in_block != 0) lane_.count_taken(in_block);
  COHORT_CRASH_POINT("channel.pipe.counted");
  lane_.tell_space();
  if (in_pieces) wake_other_receiver();
  call_.tell_readiness();
  return result;
}

bool MemoryTransport::receive(ArrivedMessage& arrived, std::optional<std::size_t> most, const Until& until,
                              const char* operation) {
  Call call(*this, operation);
  call.check_may_receive();
  Assembly assembly;
  bool received = ring::limited(until.deadline, false, [&] {
    return Receiver(call, arrived.message, assembly, most.value_or(kAnyLength), until).receive();
  });
  arrived.storage = assembly.take_storage();
  return received;
}

std::optional<std::size_t> MemoryTransport::receive_into(std::span<std::byte> place, const Until& until,
                                                         const char* operation) {
  Call call(*this, operation);
  call.check_may_receive();
  Assembly assembly(place);
  ReceivedMessage message;
  bool received = ring::limited(until.deadline, false,
                                [&] { return Receiver(call, message, assembly, kAnyLength, until).receive(); });
  if (!received) return std::nullopt;
  auto bytes = message.bytes();
  if (bytes.size() > place.size()) {
    std::vector<std::byte> whole = assembly.take_storage();
    if (whole.empty()) whole.assign(bytes.begin(), bytes.end());
    throw OversizedMessage(operation, std::move(whole));
  }
  // One that came in pieces is there already.
  if (!bytes.empty() && bytes.data() != place.data()) std::memcpy(place.data(), bytes.data(), bytes.size());
  return bytes.size();
}

bool MemoryTransport::poll(const Until& until) {
  Call call(*this, "Connection.poll");
  call.check_may_receive();
  Lane lane = call.receiving();
  if (lane.can_receive()) return true;
  RingWait wait(lane.ring().in, until);
  DeathWatch deaths;
  while (wait.again([&] { return lane.can_receive() || call.closed(); }, deaths)) {
    call.check_open();
    if (lane.can_receive()) {
      wait.finish([] { return true; });
      return true;
    }
  }
  return lane.can_receive();
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

namespace {

[[noreturn]] void refuse_descriptors(const char* operation) {
  throw StateError(operation, "", "memory carries no descriptors: Pipe({.transport = Transport::socket}) does");
}

}  // namespace

int MemoryTransport::fileno() {
  Call call(*this, "Connection.fileno");
  call.check_may_receive();
  return watch::polled_descriptor(end_, state(), *source(call.operation()).point);
}

bool MemoryTransport::send_handle(int, const Until&) {
  Call call(*this, "Connection.send_handle");
  refuse_descriptors(call.operation());
}

std::optional<os::Fd> MemoryTransport::receive_handle(const Until&) {
  Call call(*this, "Connection.recv_handle");
  refuse_descriptors(call.operation());
}

// ---- the end --------------------------------------------------------------------------------------------------------

void MemoryTransport::close() noexcept try {
  if (closed()) return;
  // Waits that are under way must end, but only while the memory is certainly there.
  Call call(*this, "Connection.close");
  if (state().close() && state().used_by_others()) wake_all(call.pipe());
} catch (...) {  // NOLINT(bugprone-empty-catch)
  // Another thread was quicker, or the family was left: it is closed.
}

bool MemoryTransport::readable() { return Call(*this, "Connection").may_receive(); }
bool MemoryTransport::writable() { return Call(*this, "Connection").may_send(); }

void MemoryTransport::travel(Encoder& out) {
  Call call(*this, "Connection");
  out.write_raw(detail::TransportForm::in_memory);
  detail::encode_handle(out, end_);
}

std::shared_ptr<MemoryTransport> MemoryTransport::arrive(Decoder& in) {
  return std::make_shared<MemoryTransport>(PipeEnd(detail::decode_handle_name(in)));
}

detail::Transport::Look MemoryTransport::look(Deadline, const char* operation) {
  return Call(*this, operation).receiving().can_receive() ? Look::ready : Look::nothing;
}

detail::Transport::Source MemoryTransport::source(const char* operation) {
  Call call(*this, operation);
  if (!call.may_receive()) throw StateError(operation, "", "this end of a pipe only sends: it never has a message");
  return {.point = watch_point_of(end_.end()), .item = {}};
}

}  // namespace cohort::connection
