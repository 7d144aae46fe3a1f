// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A hostile peer at the other end of a socket: whatever it writes, in whatever pieces, and whenever it closes, a
// connection with limits gives messages that were sent, in their order and within the limits, or throws an error of
// ours; it neither blocks nor gets SIGPIPE.
//
// An input is a program of steps: a byte that says what is done, and for some a byte that says how much.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "cohort/connection/connection.hpp"
#include "cohort/wire/object.hpp"
#include "connection/frame_reader.hpp"

namespace {

using cohort::Connection;
using cohort::Deadline;
using Bytes = std::vector<std::byte>;

constexpr std::size_t kMostMessage = 300;
// recv_bytes_into over a descriptor gives a message that is at most so much longer than the buffer with its error.
constexpr std::size_t kMostExcess = std::size_t{64} << 10;

void require(bool holds) {
  if (!holds) { std::abort(); }
}

class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void write(std::span<const std::byte> bytes) {
    if (fd_ < 0) { return; }
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) { written_.insert(written_.end(), bytes.begin(), bytes.begin() + sent); }
  }
  void end_of_file() const {
    if (fd_ >= 0) { static_cast<void>(::shutdown(fd_, SHUT_WR)); }
  }
  void close() {
    if (fd_ >= 0) { static_cast<void>(::close(fd_)); }
    fd_ = -1;
  }
  [[nodiscard]] bool closed() const { return fd_ < 0; }
  [[nodiscard]] const Bytes& written() const { return written_; }

 private:
  int fd_;
  Bytes written_;
};

class Reader {
 public:
  Reader(int fd, const Peer& peer)
      : connection_(Connection::from_descriptor(
            fd, {.limits = {.max_message = cohort::Bytes(kMostMessage), .decode = {.memory = 4096, .items = 200}}})),
        peer_(peer) {}

  void step(unsigned what, std::size_t number) {
    switch (what) {
      case 0: attempt([&] { came(connection_.recv_bytes({}, Deadline::now()), kMostMessage); }); break;
      case 1: attempt([&] { came(connection_.recv_bytes(number * 4, Deadline::now()), number * 4); }); break;
      case 2: attempt([&] { receive_into(number); }); break;
      case 3: attempt([&] { receive_value(number); }); break;
      case 4: attempt([&] { poll(); }); break;
      case 5: attempt([&] { send(number); }); break;
      default:
        attempt([&] {
          if (auto message = connection_.try_recv_bytes()) { came(*message, kMostMessage); }
        });
    }
  }

 private:
  // True when it returned.
  template <class Call>
  static bool attempt(Call call) {
    try {
      call();
      return true;
    } catch (const cohort::Error&) { return false; } catch (const std::system_error&) {
      return false;
    }
  }

  // A message that was received as it is: the next that was sent, or one behind it.
  void came(std::span<const std::byte> message, std::size_t most) {
    require(message.size() <= most);
    while (true) {
      const auto sent = next_frame();
      require(sent.has_value());
      if (std::ranges::equal(*sent, message)) { return; }
    }
  }

  std::optional<std::span<const std::byte>> next_frame() {
    const std::span<const std::byte> rest = std::span(peer_.written()).subspan(at_);
    cohort::connection::FrameReader reader;
    std::size_t used = 0;
    while (!reader.length_known() && !reader.damaged() && used < rest.size()) {
      const std::span<std::byte> room = reader.room();
      room[0] = rest[used];
      reader.advance(1);
      ++used;
    }
    if (!reader.length_known() || reader.length() > rest.size() - reader.header_size()) { return {}; }
    const auto frame = rest.subspan(reader.header_size(), static_cast<std::size_t>(reader.length()));
    at_ += reader.header_size() + frame.size();
    return frame;
  }

  void receive_into(std::size_t number) {
    std::array<std::byte, 512> buffer{};
    const std::span<std::byte> room = std::span(buffer).first(number * 2);
    const std::size_t offset = number / 3;
    try {
      const std::size_t size = connection_.recv_bytes_into(room, offset, Deadline::now());
      require(offset + size <= room.size());
      came(room.subspan(offset, size), room.size());
    } catch (const cohort::OversizedMessage& longer) {
      require(longer.message().size() > room.size() - offset);
      came(longer.message(), room.size() - offset + kMostExcess);
    }
  }

  void receive_value(std::size_t number) {
    switch (number % 4) {
      case 0: static_cast<void>(connection_.recv<std::vector<std::string>>(Deadline::now())); break;
      case 1: static_cast<void>(connection_.try_recv<cohort::Object>()); break;
      case 2: static_cast<void>(connection_.try_recv<std::map<int, std::optional<std::string>>>()); break;
      default: static_cast<void>(connection_.recv<std::uint64_t>(Deadline::now()));
    }
  }

  void poll() {
    if (!connection_.poll()) { return; }
    // What is ready is received, or refused, at once.
    const auto message = connection_.try_recv_bytes();
    require(message.has_value());
    came(*message, kMostMessage);
  }

  void send(std::size_t number) {
    const Bytes message(number * 16);
    const bool sent = attempt([&] { require(connection_.try_send_bytes(message) || !peer_.closed()); });
    require(!sent || !peer_.closed());
  }

  Connection connection_;
  const Peer& peer_;
  std::size_t at_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool never_sigpipe = std::signal(SIGPIPE, [](int) { std::abort(); }) != SIG_ERR;
  require(never_sigpipe);
  std::span<const std::byte> program = std::as_bytes(std::span(data, size));
  std::array<int, 2> ends{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  Peer peer(ends[1]);
  Reader reader(ends[0], peer);
  while (program.size() >= 2) {
    const unsigned step = std::to_integer<unsigned>(program[0]) % 10;
    const std::size_t number = std::to_integer<std::size_t>(program[1]);
    program = program.subspan(2);
    if (step < 7) {
      reader.step(step, number);
    } else if (step < 9) {
      const auto piece = program.first(std::min(number, program.size()));
      peer.write(piece);
      program = program.subspan(piece.size());
    } else if (number % 2 == 0) {
      peer.end_of_file();
    } else {
      peer.close();
    }
  }
  return 0;
}
