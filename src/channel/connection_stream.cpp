// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "channel/connection_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "cohort/base/error.hpp"
#include "cohort/channel/connection.hpp"
#include "os/poller.hpp"
#include "os/socket.hpp"

namespace cohort::detail {

namespace {

constexpr std::uint32_t kClosed = std::uint32_t{1} << 31;
constexpr std::uint32_t kReleased = std::uint32_t{1} << 30;  // the descriptor is closed, or about to be
// Python joins the length and the message into one write up to here.
constexpr std::size_t kJoined = 16384;
// A length is only an announcement: room is made for so much at a time, and then for as much again as came.
constexpr std::size_t kFirstRoom = std::size_t{1} << 20;
// A close by another thread is seen after so long.
constexpr std::chrono::milliseconds kLook{100};

void put_big_endian(std::byte* to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to[i] = static_cast<std::byte>(value >> (8 * (bytes - 1 - i)));
}

std::uint64_t big_endian(const std::byte* from, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | static_cast<std::uint64_t>(from[i]);
  return value;
}

// A mutex until a deadline.
class Turn {
 public:
  Turn(std::timed_mutex& mutex, Deadline deadline) : lock_(mutex, std::defer_lock) {
    if (lock_.try_lock()) return;
    if (deadline.is_never()) {
      lock_.lock();
      return;
    }
    // By the wall clock, a little at a time: the thread checker does not know the lock by the monotonic one.
    for (auto left = deadline.remaining(); left && left->count() > 0; left = deadline.remaining()) {
      auto step = std::min<std::chrono::nanoseconds>(*left, std::chrono::milliseconds(50));
      if (lock_.try_lock_until(std::chrono::system_clock::now() + step)) return;
    }
  }
  [[nodiscard]] bool taken() const noexcept { return lock_.owns_lock(); }

 private:
  std::unique_lock<std::timed_mutex> lock_;
};

bool stop_is_requested(const std::stop_token* stop) { return stop != nullptr && stop->stop_requested(); }

// A descriptor that a stop makes readable.
class StopBell {
 public:
  explicit StopBell(const std::stop_token* stop) {
    if (stop == nullptr || !stop->stop_possible()) return;
    bell_ = os::make_eventfd();
    callback_.emplace(*stop, Ring{bell_.get()});
  }
  [[nodiscard]] int fd() const noexcept { return bell_.get(); }

 private:
  struct Ring {
    int fd;
    void operator()() const noexcept { os::notify(fd); }
  };
  os::Fd bell_;
  std::optional<std::stop_callback<Ring>> callback_;
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

struct StreamEnd::Kept {
  explicit Kept(std::shared_ptr<StreamEnd> kept) : end(std::move(kept)), use(*end, "Connection") {}
  std::shared_ptr<StreamEnd> end;
  Use use;
};

StreamEnd::StreamEnd(os::Fd fd, bool readable, bool writable)
    : fd_(std::move(fd)), readable_(readable), writable_(writable), is_socket_(os::is_socket(fd_.get())) {}

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
  StopBell bell(limits.stop);
  while (true) {
    use.check_open();
    os::PollItem items[2];
    items[0].fd = use.fd();
    items[0].for_write = for_write;
    items[1].fd = bell.fd();
    (void)os::poll_items(items, Deadline::earlier(limits.deadline, Deadline(kLook)));
    use.check_open();
    if (items[0].ready) return true;
    if (limits.deadline.expired() || stop_is_requested(limits.stop)) return false;
  }
}

// ---- sending ---------------------------------------------------------------------------------------------------------

// False when the deadline came before the first byte; throws when it came later.
bool StreamEnd::write_all(const Use& use, std::span<const std::byte> bytes, const Limits& limits, bool begun) {
  while (!bytes.empty()) {
    os::Transfer done;
    if (is_socket_) {
      done = os::send_some(use.fd(), bytes);
    } else {
      // A pipe in blocking mode takes so much without blocking, once it polls writable.
      if (!wait_ready(use, true, limits))
        done.state = os::Transfer::State::would_block;
      else
        done = os::write_some(use.fd(), bytes.first(std::min(bytes.size(), os::kPipePiece)));
    }
    if (done.state == os::Transfer::State::ended)
      throw OsError(EPIPE, use.operation(), "the other end of the connection is closed");
    if (done.state == os::Transfer::State::moved) {
      begun = begun || done.count != 0;
      bytes = bytes.subspan(done.count);
    } else if (limits.deadline.expired() || stop_is_requested(limits.stop) || !wait_ready(use, true, limits)) {
      cut_ = cut_ || begun;
      return false;
    }
  }
  return true;
}

bool StreamEnd::send(std::span<const std::byte> message, const Limits& limits, const char* operation) {
  Use use(*this, operation);
  if (!writable_) throw StateError(operation, "", "this connection only receives");
  Turn turn(sending_, limits.deadline);
  if (!turn.taken()) return false;
  if (cut_)
    throw StateError(operation, "",
                     "an earlier message was sent in part, when its deadline passed: close the connection");
  std::array<std::byte, 12> length{};
  std::size_t length_size = 4;
  if (message.size() <= 0x7fffffff) {
    put_big_endian(length.data(), message.size(), 4);
  } else {
    put_big_endian(length.data(), 0xffffffff, 4);
    put_big_endian(length.data() + 4, message.size(), 8);
    length_size = 12;
  }
  std::optional<os::SigpipeBlocked> no_signal;
  if (!is_socket_) no_signal.emplace();
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
  header_have_ = 0;
  length_known_.store(false, std::memory_order_relaxed);  // relaxed: a hint
  message_.clear();
  message_have_ = 0;
  throw DecodeError(operation, "", "got end of file during message: the sender died or closed in the middle of it");
}

// Fills `into` from `have` on. False on the deadline or a stop; `have` says how far it came, and the next call goes on.
bool StreamEnd::read_more(const Use& use, std::span<std::byte> into, std::size_t& have, const Limits& limits) {
  while (have < into.size()) {
    os::Transfer done;
    if (is_socket_) {
      done = os::receive_some(use.fd(), into.subspan(have));
    } else {
      if (!wait_ready(use, false, limits)) return false;
      done = os::read_some(use.fd(), into.subspan(have));
    }
    if (done.state == os::Transfer::State::moved) {
      have += done.count;
    } else if (done.state == os::Transfer::State::ended) {
      if (header_have_ != 0) throw_cut(use.operation());
      throw EndOfFile(use.operation(), "", "the other end of the connection is closed");
    } else if (limits.deadline.expired() || stop_is_requested(limits.stop) || !wait_ready(use, false, limits)) {
      return false;
    }
  }
  return true;
}

bool StreamEnd::read_length(const Use& use, const Limits& limits) {
  std::span<std::byte> header(header_);
  if (!read_more(use, header.first(4), header_have_, limits)) return false;
  length_ = big_endian(header_.data(), 4);
  if (length_ == 0xffffffff) {
    if (!read_more(use, header, header_have_, limits)) return false;
    length_ = big_endian(header_.data() + 4, 8);
  } else if (length_ > 0x7fffffff) {
    throw DecodeError(use.operation(), std::to_string(length_),
                      "that is no length: the stream does not frame messages as Python does");
  }
  length_known_.store(true, std::memory_order_relaxed);  // relaxed: a hint
  return true;
}

std::optional<std::vector<std::byte>> StreamEnd::receive(std::size_t most, const Limits& limits,
                                                         const char* operation) {
  Use use(*this, operation);
  if (!readable_) throw StateError(operation, "", "this connection only sends");
  Turn turn(receiving_, limits.deadline);
  if (!turn.taken()) return std::nullopt;
  if (!length_known_.load(std::memory_order_relaxed) && !read_length(use, limits)) return std::nullopt;  // relaxed: own
  if (length_ > most)
    throw OsError(EMSGSIZE, operation,
                  "the message has " + std::to_string(length_) + " bytes, and at most " + std::to_string(most) +
                      " are wanted; it stays");
  while (message_have_ < length_) {
    if (message_have_ == message_.size()) {
      std::uint64_t more = std::min<std::uint64_t>(length_ - message_have_, std::max(message_have_, kFirstRoom));
      message_.resize(message_have_ + static_cast<std::size_t>(more));
    }
    if (!read_more(use, message_, message_have_, limits)) return std::nullopt;
  }
  std::vector<std::byte> message = std::move(message_);
  message.resize(static_cast<std::size_t>(length_));
  message_.clear();
  message_have_ = 0;
  header_have_ = 0;
  length_known_.store(false, std::memory_order_relaxed);  // relaxed: a hint
  return message;
}

bool StreamEnd::poll(const Limits& limits) {
  Use use(*this, "Connection.poll");
  if (!readable_) throw StateError(use.operation(), "", "this connection only sends");
  return holds_message() || wait_ready(use, false, limits);
}

int StreamEnd::fd_to_copy(std::shared_ptr<const void>& keep) {
  auto kept = std::make_shared<Kept>(shared_from_this());
  auto refuse = [](const char* sentence) { throw EncodeError("Connection", "", sentence); };
  std::unique_lock receiving(receiving_, std::try_to_lock);
  std::unique_lock sending(sending_, std::try_to_lock);
  if (!receiving || !sending) refuse("another thread sends or receives at this connection: it cannot travel meanwhile");
  if (header_have_ != 0)
    refuse("this connection holds a message that came in part: receive the rest before it travels");
  if (cut_) refuse("a message was sent in part through this connection, which sends no more: it cannot travel");
  int fd = kept->use.fd();
  keep = std::move(kept);
  return fd;
}

// ---- descriptors -----------------------------------------------------------------------------------------------------

bool StreamEnd::send_handle(int descriptor, Deadline deadline) {
  Use use(*this, "Connection.send_handle");
  if (!is_socket_)
    throw StateError(use.operation(), "",
                     "only a Unix-domain socket carries descriptors: Pipe({.transport = Transport::socket})");
  Turn turn(sending_, deadline);
  if (!turn.taken() || !wait_ready(use, true, {deadline, nullptr})) return false;
  const std::byte count{1};
  const int fds[] = {descriptor};
  os::send_packet(use.fd(), {&count, 1}, fds);
  return true;
}

std::optional<os::Fd> StreamEnd::receive_handle(Deadline deadline) {
  Use use(*this, "Connection.recv_handle");
  if (!is_socket_)
    throw StateError(use.operation(), "",
                     "only a Unix-domain socket carries descriptors: Pipe({.transport = Transport::socket})");
  Turn turn(receiving_, deadline);
  if (!turn.taken()) return std::nullopt;
  while (wait_ready(use, false, {deadline, nullptr})) {
    std::byte count{};
    auto packet = os::receive_packet(use.fd(), {&count, 1});
    if (!packet) continue;
    if (packet->size == 0) throw EndOfFile(use.operation(), "", "the other end of the connection is closed");
    if (packet->fds.size() != 1)
      throw DecodeError(use.operation(), "", "what came is no descriptor: the other end must call send_handle()");
    return std::move(packet->fds.front());
  }
  return std::nullopt;
}

}  // namespace cohort::detail
