// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/connection_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "cohort/base/error.hpp"
#include "os/process.hpp"
#include "os/socket.hpp"
#include "park/stop_bell.hpp"

namespace cohort::detail {

namespace {

constexpr std::uint32_t kClosed = std::uint32_t{1} << 31;
constexpr std::uint32_t kReleased = std::uint32_t{1} << 30;  // the descriptor is closed, or about to be
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
  Turn(std::timed_mutex& mutex, const StreamEnd::Limits& limits) : lock_(mutex, std::defer_lock) {
    if (lock_.try_lock()) return;
    // By the wall clock, a little at a time: the thread checker does not know the lock by the monotonic one.
    while (!limits.over()) {
      auto step = std::min<std::chrono::nanoseconds>(limits.deadline.remaining().value_or(kTurn), kTurn);
      if (lock_.try_lock_until(std::chrono::system_clock::now() + step)) return;
    }
  }
  [[nodiscard]] bool taken() const noexcept { return lock_.owns_lock(); }

 private:
  static constexpr std::chrono::nanoseconds kTurn = std::chrono::milliseconds(50);
  std::unique_lock<std::timed_mutex> lock_;
};

}  // namespace

// A call that uses the descriptor: while one exists, close() in another thread leaves it open, so that its number is not
// given to something else.
class StreamEnd::Use {
 public:
  Use(const StreamEnd& end, const char* operation) : end_(const_cast<StreamEnd&>(end)), operation_(operation) {
    // relaxed: a count, and a flag that is looked at again
    if ((end_.users_.fetch_add(1, std::memory_order_relaxed) & kClosed) == 0) return;
    finish();
    throw ClosedError(operation, "", "this connection is closed");
  }
  ~Use() { finish(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  [[nodiscard]] const char* operation() const noexcept { return operation_; }
  [[nodiscard]] int fd() const noexcept { return end_.fd_.get(); }
  void check_open() const {
    if (end_.closed()) throw ClosedError(operation_, "", "another thread has closed this connection");
  }

 private:
  void finish() noexcept {
    // SYNC(stream use): release here -> acquire in release_when_unused(); carries that this call is over
    end_.users_.fetch_sub(1, std::memory_order_release);
    end_.release_when_unused();
  }
  StreamEnd& end_;
  const char* operation_;
};

// Notes at the end of a call, however it ends, whose the part of a message is that stays.
class StreamEnd::LeaveMessage {
 public:
  explicit LeaveMessage(StreamEnd& end) : end_(end) {}
  ~LeaveMessage() {
    if (end_.reader_.begun()) end_.leave_message();
  }
  LeaveMessage(const LeaveMessage&) = delete;
  LeaveMessage& operator=(const LeaveMessage&) = delete;

 private:
  StreamEnd& end_;
};

struct StreamEnd::Kept {
  explicit Kept(std::shared_ptr<StreamEnd> kept) : end(std::move(kept)), use(*end, "Connection") {}
  std::shared_ptr<StreamEnd> end;
  Use use;
};

StreamEnd::StreamEnd(os::Fd fd, const ConnectionOptions& options)
    : fd_(std::move(fd)),
      readable_(options.readable),
      writable_(options.writable),
      limits_(options.limits),
      kind_(os::is_socket(fd_.get()) ? Kind::socket
            : os::is_pipe(fd_.get()) ? Kind::pipe
                                     : Kind::other) {}

void StreamEnd::close() noexcept {
  users_.fetch_or(kClosed, std::memory_order_release);  // SYNC(stream use): as in Use::finish()
  release_when_unused();
}

// By one only: a call that came between a close() and its look would else release the descriptor once more, and with it
// whatever has got its number by then.
void StreamEnd::release_when_unused() noexcept {
  std::uint32_t unused = kClosed;
  // SYNC(stream use): release in Use::finish(), close() -> acquire here; carries that all calls are over
  if (users_.compare_exchange_strong(unused, kClosed | kReleased, std::memory_order_acquire, std::memory_order_relaxed))
    fd_.reset();
}

bool StreamEnd::closed() const noexcept {
  return (users_.load(std::memory_order_relaxed) & kClosed) != 0;  // relaxed: a flag
}

int StreamEnd::fd(const char* operation) const {
  Use use(*this, operation);
  return fd_.get();
}

// False on the deadline or a stop.
bool StreamEnd::wait_ready(const Use& use, bool for_write, const Limits& limits) const {
  park::StopDescriptor bell(limits);
  while (true) {
    use.check_open();
    os::PollItem items[2];
    items[0].fd = use.fd();
    items[0].for_write = for_write;
    items[1].fd = bell.fd();
    (void)os::poll_items(items, Deadline::earlier(limits.deadline, Deadline(kLook)));
    use.check_open();
    if (items[0].ready) return true;
    if (limits.over()) return false;
  }
}

// ---- sending ---------------------------------------------------------------------------------------------------------

// False when the deadline came before the first byte; throws when it came later.
bool StreamEnd::write_all(const Use& use, std::span<const std::byte> bytes, const Limits& limits, bool begun) {
  while (!bytes.empty()) {
    os::Transfer done = kind_ == Kind::socket ? os::send_some(use.fd(), bytes) : os::write_now(use.fd(), bytes);
    if (done.state == os::Transfer::State::ended)
      throw OsError(EPIPE, use.operation(), "the other end of the connection is closed");
    if (done.state == os::Transfer::State::moved) {
      begun = begun || done.count != 0;
      bytes = bytes.subspan(done.count);
    } else if (limits.over() || !wait_ready(use, true, limits)) {
      cut_ = cut_ || begun;
      return false;
    }
  }
  return true;
}

bool StreamEnd::send(std::span<const std::byte> message, const Limits& limits, const char* operation) {
  Use use(*this, operation);
  if (!writable_) throw StateError(operation, "", "this connection only receives");
  Turn turn(sending_, limits);
  if (!turn.taken()) return false;
  if (cut_)
    throw StateError(operation, "",
                     "an earlier message was sent in part, when its deadline passed: close the connection");
  std::array<std::byte, 12> length;
  std::size_t length_size = connection::write_frame_header(message.size(), length);
  try {
    if (message.size() > kJoined) {
      return write_all(use, {length.data(), length_size}, limits, false) && write_all(use, message, limits, true);
    }
    std::array<std::byte, kJoined + 4> joined;
    std::memcpy(joined.data(), length.data(), 4);
    if (!message.empty()) std::memcpy(joined.data() + 4, message.data(), message.size());
    return write_all(use, {joined.data(), 4 + message.size()}, limits, false);
  } catch (const ClosedError&) {
    cut_ = true;
    throw;
  }
}

// ---- receiving -------------------------------------------------------------------------------------------------------

void StreamEnd::throw_cut(const char* operation) {
  reader_.clear();
  throw DecodeError(operation, "", "got end of file during message: the sender died or closed in the middle of it");
}

// One read that does not wait.
os::Transfer StreamEnd::read_now(const Use& use, std::span<std::byte> into) {
  if (kind_ == Kind::socket) return os::receive_some(use.fd(), into);
  if (kind_ == Kind::pipe) return os::read_pipe_now(use.fd(), into);
  os::PollItem item{.fd = use.fd()};
  (void)os::poll_items({&item, 1}, Deadline::now());
  return item.ready ? os::read_some(use.fd(), into) : os::Transfer{};
}

// The same for poll(), at the beginning of a message, where a descriptor may come instead. It is not lost.
os::Transfer StreamEnd::read_first(const Use& use, std::span<std::byte> into) {
  if (kind_ != Kind::socket) return read_now(use, into);
  auto packet = os::receive_packet(use.fd(), into);
  if (!packet) return {};
  if (packet->size == 0) return {.state = os::Transfer::State::ended};
  if (!packet->fds.empty()) handle_ = std::move(packet->fds.front());
  return {.state = os::Transfer::State::moved, .count = packet->size};
}

// What was taken in before a fork is that process's: the copy has its next message from the stream, if it can.
void StreamEnd::drop_inherited(const char* operation) {
  if (!reader_.begun() || reader_process_ == os::process_id()) return;
  if (!reader_.whole())
    throw StateError(operation, "",
                     "this process was forked while its parent held a part of a message: the rest is the parent's");
  reader_.clear();
  handle_.reset();
}

void StreamEnd::leave_message() noexcept { reader_process_ = os::process_id(); }

// Takes in what has come, without waiting. True when a receive would not wait.
bool StreamEnd::take_in(const Use& use, Deadline until) {
  if (ended_ || failure_ || handle_) return true;
  drop_inherited(use.operation());
  LeaveMessage leave(*this);
  try {
    for (std::size_t moved = 0; moved < kDeadlineLook || !until.expired();) {
      if (reader_.whole() || reader_.damaged() || reader_.length() > limits_.max_message.count) return true;
      bool first = !reader_.begun();
      auto room = reader_.room();
      os::Transfer done = first ? read_first(use, room) : read_now(use, room);
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

StreamEnd::Look StreamEnd::look(Deadline until, const char* operation) {
  Use use(*this, operation);
  if (!readable_) throw StateError(operation, "", "this connection only sends: it never has a message");
  std::unique_lock turn(receiving_, std::try_to_lock);
  if (!turn) return Look::busy;
  return take_in(use, until) ? Look::ready : Look::nothing;
}

bool StreamEnd::poll(const Limits& limits) {
  const char* operation = "Connection.poll";
  while (true) {
    Look found = look(limits.deadline, operation);
    if (found == Look::ready) return true;
    if (limits.over()) return false;
    if (found == Look::nothing) {
      if (!wait_ready(Use(*this, operation), false, limits)) return false;
    } else if (Turn(receiving_, limits).taken()) {
      continue;  // the thread that received has done
    }
  }
}

// Goes on with the present message until its length is known, or all of it has come. False on the deadline or a stop; what came stays.
bool StreamEnd::fill(const Use& use, bool only_length, const Limits& limits) {
  for (std::size_t moved = 0;;) {
    if (reader_.damaged())
      throw DecodeError(use.operation(), "", "that is not a length: the stream does not frame messages as Python does");
    if (only_length ? reader_.length_known() : reader_.whole()) return true;
    os::Transfer done = read_now(use, reader_.room());
    if (done.state == os::Transfer::State::moved) {
      reader_.advance(done.count);
      moved += done.count;
      if (moved < kDeadlineLook) continue;
      moved = 0;
      if (limits.over()) return false;
    } else if (done.state == os::Transfer::State::ended) {
      if (reader_.begun()) throw_cut(use.operation());
      throw EndOfFile(use.operation(), "", "the other end of the connection is closed");
    } else if (limits.over() || !wait_ready(use, false, limits)) {
      return false;
    }
  }
}

// The length of the next message; first what poll() left to report. False on the deadline or a stop.
bool StreamEnd::begin_message(const Use& use, const Limits& limits) {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  drop_inherited(use.operation());
  if (handle_) {
    handle_.reset();
    // poll() has said that nothing needs to be waited for.
    if (!fill(use, false, {Deadline::now(), nullptr})) {
      reader_.clear();
      throw DecodeError(use.operation(), "", "what came is a descriptor, not a message: recv_handle() receives it");
    }
  }
  if (std::exchange(ended_, false)) {
    if (reader_.begun()) throw_cut(use.operation());
    throw EndOfFile(use.operation(), "", "the other end of the connection is closed");
  }
  return fill(use, true, limits);
}

// The stream cannot go on without those bytes. Whoever sends them learns that nobody takes them.
void StreamEnd::refuse_length(const Use& use) {
  if (kind_ == Kind::socket) os::refuse_input(use.fd());
  throw DecodeError(use.operation(), "",
                    "the message has " + std::to_string(reader_.length()) + " bytes, and this connection takes " +
                        std::to_string(limits_.max_message.count) + " at most (ConnectionLimits::max_message)");
}

std::optional<std::vector<std::byte>> StreamEnd::receive(std::optional<std::size_t> most, const Limits& limits,
                                                         const char* operation) {
  Use use(*this, operation);
  if (!readable_) throw StateError(operation, "", "this connection only sends");
  Turn turn(receiving_, limits);
  if (!turn.taken()) return std::nullopt;
  LeaveMessage leave(*this);
  if (!begin_message(use, limits)) return std::nullopt;
  if (!most && reader_.length() > limits_.max_message.count) refuse_length(use);
  if (most && reader_.length() > *most)
    throw OsError(EMSGSIZE, operation,
                  "the message has " + std::to_string(reader_.length()) + " bytes, and at most " +
                      std::to_string(*most) + " are wanted; it stays");
  if (!fill(use, false, limits)) return std::nullopt;
  return reader_.take();
}

std::optional<std::size_t> StreamEnd::receive_into(std::span<std::byte> room, const Limits& limits,
                                                   const char* operation) {
  Use use(*this, operation);
  if (!readable_) throw StateError(operation, "", "this connection only sends");
  Turn turn(receiving_, limits);
  if (!turn.taken()) return std::nullopt;
  LeaveMessage leave(*this);
  if (!begin_message(use, limits)) return std::nullopt;
  std::uint64_t length = reader_.length();
  if (length > room.size()) {
    if (length - room.size() > kOversized)
      throw BufferTooShort(operation, std::to_string(length),
                           "the message is longer than the room of " + std::to_string(room.size()) +
                               " bytes; it stays, for a larger buffer");
    if (!fill(use, false, limits)) return std::nullopt;
    throw OversizedMessage(operation, reader_.take());
  }
  reader_.lend(room);
  bool whole = false;
  try {
    whole = fill(use, false, limits);
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
void StreamEnd::keep_what_came() {
  try {
    reader_.take_back();
  } catch (...) {
    // A part is lost, so that nothing behind it can be understood.
    reader_.clear();
    close();
    throw;
  }
}

int StreamEnd::fd_to_copy(std::shared_ptr<const void>& keep) {
  auto kept = std::make_shared<Kept>(shared_from_this());
  auto refuse = [](const char* sentence) { throw EncodeError("Connection", "", sentence); };
  std::unique_lock receiving(receiving_, std::try_to_lock);
  std::unique_lock sending(sending_, std::try_to_lock);
  if (!receiving || !sending) refuse("another thread sends or receives at this connection: it cannot travel meanwhile");
  drop_inherited("Connection");
  if (reader_.begun() || handle_ || ended_ || failure_)
    refuse("this connection holds a message, or a part of one, that has come: receive it before it travels");
  if (cut_) refuse("a message was sent in part through this connection, which sends no more: it cannot travel");
  int fd = kept->use.fd();
  keep = std::move(kept);
  return fd;
}

// ---- descriptors -----------------------------------------------------------------------------------------------------

namespace {

[[noreturn]] void refuse_descriptors(const char* operation) {
  throw StateError(operation, "",
                   "only a Unix-domain socket carries descriptors: Pipe({.transport = Transport::socket})");
}

}  // namespace

bool StreamEnd::send_handle(int descriptor, Deadline deadline) {
  Use use(*this, "Connection.send_handle");
  if (kind_ != Kind::socket) refuse_descriptors(use.operation());
  const Limits limits{deadline, nullptr};
  Turn turn(sending_, limits);
  if (!turn.taken()) return false;
  const std::byte count{1};
  const int fds[] = {descriptor};
  while (!os::try_send_packet(use.fd(), {&count, 1}, fds))
    if (limits.over() || !wait_ready(use, true, limits)) return false;
  return true;
}

std::optional<os::Fd> StreamEnd::receive_handle(Deadline deadline) {
  Use use(*this, "Connection.recv_handle");
  if (kind_ != Kind::socket) refuse_descriptors(use.operation());
  const Limits limits{deadline, nullptr};
  Turn turn(receiving_, limits);
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
    auto packet = os::receive_packet(use.fd(), {&count, 1});
    if (packet && packet->size == 0) throw EndOfFile(use.operation(), "", "the other end of the connection is closed");
    if (packet && packet->fds.size() != 1) throw DecodeError(use.operation(), "", no_handle);
    if (packet) return std::move(packet->fds.front());
    if (limits.over() || !wait_ready(use, false, limits)) return std::nullopt;
  }
}

}  // namespace cohort::detail
