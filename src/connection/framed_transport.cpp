// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/framed_transport.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "cohort/base/error.hpp"
#include "cohort/wire/codec.hpp"
#include "cohort/wire/encoder.hpp"
#include "connection/descriptor_stream.hpp"
#include "os/process.hpp"
#include "park/stop_bell.hpp"

namespace cohort::connection {

using detail::ArrivedMessage;

namespace {

// Python joins the length and the message into one write up to here.
constexpr std::size_t kJoined = 16384;
// A peer that sends without end is left so often to look at the deadline.
constexpr std::size_t kDeadlineLook = std::size_t{1} << 20;
// A message that is longer than the caller's buffer by at most so much is handed over in an exception.
constexpr std::size_t kOversized = std::size_t{64} << 10;
// A close by another thread is seen after so long.
constexpr std::chrono::milliseconds kLook{100};

// A mutex until a deadline or a stop.
class Turn {
 public:
  Turn(std::timed_mutex& mutex, const Until& until) : lock_(mutex, std::defer_lock) {
    if (lock_.try_lock()) return;
    // By the wall clock, a little at a time: the thread checker does not know the lock by the monotonic one.
    while (!until.over()) {
      auto step = std::min<std::chrono::nanoseconds>(until.deadline.remaining().value_or(kTurn), kTurn);
      if (lock_.try_lock_until(std::chrono::system_clock::now() + step)) return;
    }
  }
  [[nodiscard]] bool taken() const noexcept { return lock_.owns_lock(); }

 private:
  static constexpr std::chrono::nanoseconds kTurn = std::chrono::milliseconds(50);
  std::unique_lock<std::timed_mutex> lock_;
};

}  // namespace

// Notes at the end of a call, however it ends, whose the part of a message is that stays.
class FramedTransport::LeaveMessage {
 public:
  explicit LeaveMessage(FramedTransport& end) : end_(end) {}
  ~LeaveMessage() {
    if (end_.reader_.begun()) end_.leave_message();
  }
  LeaveMessage(const LeaveMessage&) = delete;
  LeaveMessage& operator=(const LeaveMessage&) = delete;

 private:
  FramedTransport& end_;
};

struct FramedTransport::Kept {
  explicit Kept(std::shared_ptr<Transport> kept) : transport(std::move(kept)), use(*transport, "Connection") {}
  std::shared_ptr<Transport> transport;
  Use use;
};

FramedTransport::FramedTransport(std::unique_ptr<ByteStream> stream, const ConnectionOptions& options)
    : Transport(state_word_),
      stream_(std::move(stream)),
      readable_(options.readable),
      writable_(options.writable),
      limits_(options.limits) {}

void FramedTransport::close() noexcept {
  if (state().close() && state().claim_unused()) let_go();
}

int FramedTransport::fileno() {
  Use use(*this, "Connection.fileno");
  return stream_->descriptor();
}

void FramedTransport::check_readable(const char* operation) const {
  if (!readable_) throw StateError(operation, "", "this connection only sends: it never has a message");
}

// False on the deadline or a stop.
bool FramedTransport::wait_ready(const Use& use, Direction direction, const Until& until) const {
  park::StopDescriptor bell(until);
  while (true) {
    use.check_open();
    os::PollItem items[2];
    items[0] = stream_->readiness(direction);
    items[1].fd = bell.fd();
    (void)os::poll_items(items, Deadline::earlier(until.deadline, Deadline(kLook)));
    use.check_open();
    if (items[0].ready) return true;
    if (until.over()) return false;
  }
}

// ---- sending --------------------------------------------------------------------------------------------------------

// False when the deadline came before the first byte; throws when it came later.
bool FramedTransport::write_all(const Use& use, std::span<const std::byte> bytes, const Until& until, bool begun) {
  while (!bytes.empty()) {
    os::Transfer done = stream_->write_some(bytes);
    if (done.state == os::Transfer::State::ended)
      throw OsError(EPIPE, use.operation(), "the other end of the connection is closed");
    if (done.state == os::Transfer::State::moved) {
      begun = begun || done.count != 0;
      bytes = bytes.subspan(done.count);
    } else if (until.over() || !wait_ready(use, Direction::out, until)) {
      cut_ = cut_ || begun;
      return false;
    }
  }
  return true;
}

bool FramedTransport::send_value(FunctionRef<void(Encoder&)> encode, const Until& until, const char* operation) {
  VectorEncoder encoder;
  encode(encoder);
  if (encoder.has_attachments())
    throw EncodeError(operation, "",
                      "the value holds a handle of a shared object, which passes through pipes in memory only");
  return send(encoder.bytes(), until, operation);
}

bool FramedTransport::send(std::span<const std::byte> message, const Until& until, const char* operation) {
  Use use(*this, operation);
  if (!writable_) throw StateError(operation, "", "this connection only receives");
  Turn turn(sending_, until);
  if (!turn.taken()) return false;
  if (cut_)
    throw StateError(operation, "",
                     "an earlier message was sent in part, when its deadline passed: close the connection");
  std::array<std::byte, 12> length;
  std::size_t length_size = write_frame_header(message.size(), length);
  try {
    if (message.size() > kJoined) {
      return write_all(use, {length.data(), length_size}, until, false) && write_all(use, message, until, true);
    }
    std::array<std::byte, kJoined + 4> joined;
    std::memcpy(joined.data(), length.data(), 4);
    if (!message.empty()) std::memcpy(joined.data() + 4, message.data(), message.size());
    return write_all(use, {joined.data(), 4 + message.size()}, until, false);
  } catch (const ClosedError&) {
    cut_ = true;
    throw;
  }
}

// ---- receiving ------------------------------------------------------------------------------------------------------

void FramedTransport::throw_cut(const char* operation) {
  reader_.clear();
  throw DecodeError(operation, "", "got end of file during message: the sender died or closed in the middle of it");
}

// One read for poll(), at the beginning of a message, where a descriptor may come instead. It is not lost.
os::Transfer FramedTransport::read_first(std::span<std::byte> into) {
  std::vector<os::Fd> descriptors;
  os::Transfer done = stream_->read_with_descriptors(into, descriptors);
  if (!descriptors.empty()) handle_ = std::move(descriptors.front());
  return done;
}

// What was taken in before a fork is that process's: the copy has its next message from the stream, if it can.
void FramedTransport::drop_inherited(const char* operation) {
  if (!reader_.begun() || reader_process_ == os::process_id()) return;
  if (!reader_.whole())
    throw StateError(operation, "",
                     "this process was forked while its parent held a part of a message: the rest is the parent's");
  reader_.clear();
  handle_.reset();
}

void FramedTransport::leave_message() noexcept { reader_process_ = os::process_id(); }

// Takes in what has come, without waiting. True when a receive would not wait.
bool FramedTransport::take_in(const Use& use, Deadline until) {
  if (ended_ || failure_ || handle_) return true;
  drop_inherited(use.operation());
  LeaveMessage leave(*this);
  try {
    for (std::size_t moved = 0; moved < kDeadlineLook || !until.expired();) {
      if (reader_.whole() || reader_.damaged() || reader_.length() > limits_.max_message.count) return true;
      bool first = !reader_.begun();
      auto room = reader_.room();
      os::Transfer done = first ? read_first(room) : stream_->read_some(room);
      if (done.state == os::Transfer::State::would_block) return false;
      ended_ = done.state == os::Transfer::State::ended;
      if (ended_) return true;
      reader_.advance(done.count);
      if (handle_) return true;
      moved += done.count;
    }
    return false;
  } catch (...) {
    failure_ = std::current_exception();  // the receive that follows is to report it
    return true;
  }
}

FramedTransport::Look FramedTransport::look(Deadline until, const char* operation) {
  Use use(*this, operation);
  check_readable(operation);
  std::unique_lock turn(receiving_, std::try_to_lock);
  if (!turn) return Look::busy;
  return take_in(use, until) ? Look::ready : Look::nothing;
}

bool FramedTransport::poll(const Until& until) {
  const char* operation = "Connection.poll";
  while (true) {
    Look found = look(until.deadline, operation);
    if (found == Look::ready) return true;
    if (until.over()) return false;
    if (found == Look::nothing) {
      if (!wait_ready(Use(*this, operation), Direction::in, until)) return false;
    } else if (Turn(receiving_, until).taken()) {
      continue;  // the thread that received has done
    }
  }
}

// Goes on with the present message until its length is known, or all of it has come. False on the deadline or a stop;
// what came stays.
bool FramedTransport::fill(const Use& use, bool only_length, const Until& until) {
  for (std::size_t moved = 0;;) {
    if (reader_.damaged())
      throw DecodeError(use.operation(), "", "that is not a length: the stream does not frame messages as Python does");
    if (only_length ? reader_.length_known() : reader_.whole()) return true;
    os::Transfer done = stream_->read_some(reader_.room());
    if (done.state == os::Transfer::State::moved) {
      reader_.advance(done.count);
      moved += done.count;
      if (moved < kDeadlineLook) continue;
      moved = 0;
      if (until.over()) return false;
    } else if (done.state == os::Transfer::State::ended) {
      if (reader_.begun()) throw_cut(use.operation());
      throw EndOfFile(use.operation(), "", "the other end of the connection is closed");
    } else if (until.over() || !wait_ready(use, Direction::in, until)) {
      return false;
    }
  }
}

// The length of the next message; first what poll() left to report. False on the deadline or a stop.
bool FramedTransport::begin_message(const Use& use, const Until& until) {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  drop_inherited(use.operation());
  if (handle_) {
    handle_.reset();
    // poll() has said that nothing needs to be waited for.
    if (!fill(use, false, Deadline::now())) {
      reader_.clear();
      throw DecodeError(use.operation(), "", "what came is a descriptor, not a message: recv_handle() receives it");
    }
  }
  if (std::exchange(ended_, false)) {
    if (reader_.begun()) throw_cut(use.operation());
    throw EndOfFile(use.operation(), "", "the other end of the connection is closed");
  }
  return fill(use, true, until);
}

// The stream cannot go on without those bytes. Their sender learns that nobody takes them.
void FramedTransport::refuse_length(const Use& use) {
  stream_->refuse_input();
  throw DecodeError(use.operation(), "",
                    "the message has " + std::to_string(reader_.length()) + " bytes, and this connection takes " +
                        std::to_string(limits_.max_message.count) + " at most (ConnectionLimits::max_message)");
}

bool FramedTransport::receive(ArrivedMessage& arrived, std::optional<std::size_t> most, const Until& until,
                              const char* operation) {
  Use use(*this, operation);
  if (!readable_) throw StateError(operation, "", "this connection only sends");
  Turn turn(receiving_, until);
  if (!turn.taken()) return false;
  LeaveMessage leave(*this);
  if (!begin_message(use, until)) return false;
  if (!most && reader_.length() > limits_.max_message.count) refuse_length(use);
  if (most && reader_.length() > *most)
    throw OsError(EMSGSIZE, operation,
                  "the message has " + std::to_string(reader_.length()) + " bytes, and at most " +
                      std::to_string(*most) + " are wanted; it stays");
  if (!fill(use, false, until)) return false;
  arrived.limits = limits_.decode;
  arrived.storage = reader_.take();
  arrived.message.set_bytes(arrived.storage.data(), arrived.storage.size());
  return true;
}

std::optional<std::size_t> FramedTransport::receive_into(std::span<std::byte> place, const Until& until,
                                                         const char* operation) {
  Use use(*this, operation);
  if (!readable_) throw StateError(operation, "", "this connection only sends");
  Turn turn(receiving_, until);
  if (!turn.taken()) return std::nullopt;
  LeaveMessage leave(*this);
  if (!begin_message(use, until)) return std::nullopt;
  std::uint64_t length = reader_.length();
  if (length > place.size()) {
    if (length - place.size() > kOversized)
      throw BufferTooShort(operation, std::to_string(length),
                           "the message is longer than the room of " + std::to_string(place.size()) +
                               " bytes; it stays, for a larger buffer");
    if (!fill(use, false, until)) return std::nullopt;
    throw OversizedMessage(operation, reader_.take());
  }
  reader_.lend(place);
  bool whole = false;
  try {
    whole = fill(use, false, until);
  } catch (...) {
    keep_what_came();
    throw;
  }
  if (!whole) {
    keep_what_came();
    return std::nullopt;
  }
  reader_.clear();
  return static_cast<std::size_t>(length);
}

// The caller's buffer is about to be the caller's again.
void FramedTransport::keep_what_came() {
  try {
    reader_.take_back();
  } catch (...) {
    // A part is lost, so that nothing behind it can be understood.
    reader_.clear();
    close();
    throw;
  }
}

int FramedTransport::descriptor_to_copy(std::shared_ptr<const void>& keep) {
  auto kept = std::make_shared<Kept>(shared_from_this());
  auto refuse = [](const char* sentence) { throw EncodeError("Connection", "", sentence); };
  std::unique_lock receiving(receiving_, std::try_to_lock);
  std::unique_lock sending(sending_, std::try_to_lock);
  if (!receiving || !sending) refuse("another thread sends or receives at this connection: it cannot travel meanwhile");
  drop_inherited("Connection");
  if (reader_.begun() || handle_ || ended_ || failure_)
    refuse("this connection holds a message, or a part of one, that has come: receive it before it travels");
  if (cut_) refuse("a message was sent in part through this connection, which sends no more: it cannot travel");
  if (!stream_->can_travel()) refuse("this connection cannot travel: what it encrypts and decrypts with stays here");
  int fd = stream_->descriptor();
  keep = std::move(kept);
  return fd;
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

void FramedTransport::check_carries_descriptors(const char* operation) const {
  if (!stream_->carries_descriptors())
    throw StateError(operation, "",
                     "only a Unix-domain socket carries descriptors: Pipe({.transport = Transport::socket})");
}

bool FramedTransport::send_handle(int descriptor, const Until& until) {
  Use use(*this, "Connection.send_handle");
  check_carries_descriptors(use.operation());
  Turn turn(sending_, until);
  if (!turn.taken()) return false;
  while (!stream_->try_write_descriptor(std::byte{1}, descriptor))
    if (until.over() || !wait_ready(use, Direction::out, until)) return false;
  return true;
}

std::optional<os::Fd> FramedTransport::receive_handle(const Until& until) {
  Use use(*this, "Connection.recv_handle");
  check_carries_descriptors(use.operation());
  Turn turn(receiving_, until);
  if (!turn.taken()) return std::nullopt;
  const char* no_handle = "what came is not a descriptor: the other end must call send_handle()";
  if (handle_) {
    bool alone = reader_.header_size() == 1;
    reader_.clear();
    os::Fd handle = std::move(handle_);
    if (!alone) throw DecodeError(use.operation(), "", no_handle);
    return handle;
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  drop_inherited(use.operation());
  if (reader_.begun())
    throw StateError(use.operation(), "", "a part of a message has come already: receive that first");
  while (true) {
    std::byte count{};
    std::vector<os::Fd> descriptors;
    os::Transfer done = stream_->read_with_descriptors({&count, 1}, descriptors);
    if (done.state == os::Transfer::State::ended)
      throw EndOfFile(use.operation(), "", "the other end of the connection is closed");
    if (done.state == os::Transfer::State::moved) {
      if (descriptors.size() != 1) throw DecodeError(use.operation(), "", no_handle);
      return std::move(descriptors.front());
    }
    if (until.over() || !wait_ready(use, Direction::in, until)) return std::nullopt;
  }
}

// ---- travelling and waiting -----------------------------------------------------------------------------------------

namespace {

// Bits of what a connection over a descriptor may do.
constexpr std::uint8_t kReadable = 1;
constexpr std::uint8_t kWritable = 2;

void encode_limits(Encoder& out, const ConnectionLimits& limits) {
  out.write_raw(limits.max_message.count);
  Codec<DecodeLimits>::encode(out, limits.decode);
}

ConnectionLimits decode_limits(Decoder& in) {
  ConnectionLimits limits;
  limits.max_message.count = in.read_raw<std::uint64_t>();
  limits.decode = Codec<DecodeLimits>::decode(in);
  return limits;
}

}  // namespace

void FramedTransport::travel(Encoder& out) {
  Encoder::Descriptor descriptor;
  descriptor.number = descriptor_to_copy(descriptor.keep);
  std::size_t index = out.attach_descriptor(std::move(descriptor));
  out.write_raw(detail::TransportForm::over_descriptor);
  out.write_raw(static_cast<std::uint8_t>((readable_ ? kReadable : 0) | (writable_ ? kWritable : 0)));
  out.write_raw(static_cast<std::uint32_t>(index));
  encode_limits(out, limits_);
}

ConnectionOptions FramedTransport::decode_options(Decoder& in, std::uint32_t& index) {
  auto mode = in.read_raw<std::uint8_t>();
  if (mode == 0 || mode > (kReadable | kWritable)) in.fail("a connection that neither receives nor sends");
  index = in.read_raw<std::uint32_t>();
  ConnectionOptions options{.readable = (mode & kReadable) != 0, .writable = (mode & kWritable) != 0};
  options.limits = decode_limits(in);
  return options;
}

detail::Transport::Source FramedTransport::source(const char* operation) {
  check_readable(operation);
  return {.point = std::nullopt, .item = stream_->readiness(Direction::in)};
}

}  // namespace cohort::connection
