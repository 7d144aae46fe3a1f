// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Connections over descriptors with a peer that means no good: it sends slowly, without end, other things than
// messages.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <string>
#include <thread>

#include "cohort/connection/pipe.hpp"
#include "cohort/queue/queue.hpp"
#include "cohort/wait/wait.hpp"
#include "support/scratch.hpp"
#include "unit/connection/bare_stream.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using test::Bare;
using test::bytes_of;
using test::patience;

int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// A line of /proc/self/status, in bytes.
std::size_t memory_status(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) << 10;
  return 0;
}
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

std::string header(std::uint64_t length) {
  std::string text(4, '\xff');
  for (int i = 7; i >= 0; --i) text += static_cast<char>(length >> (8 * i));
  return text;
}

// Sends zeros as long as somebody takes them, `most` bytes at most; returns how many were taken.
std::size_t send_zeros(int fd, std::size_t most) {
  std::vector<char> piece(1 << 20);
  std::size_t sent = 0;
  while (sent < most) {
    ssize_t n = ::send(fd, piece.data(), std::min(piece.size(), most - sent), MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  return sent;
}

// One message of a socket, with `count` descriptors attached.
void send_with_descriptors(int socket, std::string_view data, std::size_t count) {
  std::vector<int> fds(count);
  for (int& fd : fds) fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  iovec part{const_cast<char*>(data.data()), data.size()};
  std::vector<char> control(CMSG_SPACE(sizeof(int) * count));
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
  std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * count);
  EXPECT_EQ(::sendmsg(socket, &message, MSG_NOSIGNAL), static_cast<ssize_t>(data.size()));
  for (int fd : fds) ::close(fd);
}

// ---- whole messages -------------------------------------------------------------------------------------------------

TEST(HostilePeer, makes_no_connection_ready_before_its_message_is_whole) {
  for (bool socket : {true, false}) {
    auto [reader, writer] = Pipe({.duplex = false, .transport = Transport::socket});
    Bare bare;
    const Connection& end = socket ? bare.connection : reader;
    int peer = socket ? bare.fds[1] : writer.fileno();
    std::string_view whole = "\0\0\0\5hello"sv;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_FALSE(end.poll()) << i;
      EXPECT_TRUE(wait({end}, Deadline::now()).empty()) << i;
      EXPECT_TRUE(wait({end}, 1ms).empty()) << i;
      ASSERT_EQ(::write(peer, &whole[i], 1), 1);
    }
    EXPECT_TRUE(end.poll());
    EXPECT_EQ(wait({end}, patience()), std::vector<std::size_t>{0});
    EXPECT_TRUE(end.poll()) << "looking takes nothing from the receiver";
    EXPECT_EQ(Connection(end).try_recv_bytes(), bytes_of("hello"));
    EXPECT_FALSE(end.poll());
  }
}

TEST(HostilePeer, does_not_wake_a_wait_with_a_part_of_a_message) {
  Bare bare;
  Queue<int> queue;
  std::promise<void> waiting;
  auto ready = std::async(std::launch::async, [&] {
    waiting.set_value();
    return wait({bare.connection, queue}, patience());  // a mixture sleeps in another way
  });
  waiting.get_future().get();
  bare.write("\0\0\0\3a"sv);
  EXPECT_EQ(ready.wait_for(50ms), std::future_status::timeout);
  bare.write("bc");
  EXPECT_EQ(ready.get(), std::vector<std::size_t>{0});
  EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("abc"));
}

// Larger than any buffer of the socket, so that all of it must have been taken in.
TEST(HostilePeer, of_a_large_message_makes_poll_wait_for_the_last_byte) {
  Bare bare;
  const std::size_t size = 4 << 20;
  std::promise<void> sent;
  std::promise<void> go_on;
  std::jthread peer([&] {
    std::string text = header(size);
    (void)::send(bare.fds[1], text.data(), text.size(), MSG_NOSIGNAL);
    EXPECT_EQ(send_zeros(bare.fds[1], size - 1), size - 1);
    sent.set_value();
    go_on.get_future().get();
    EXPECT_EQ(send_zeros(bare.fds[1], 1), 1U);
  });
  auto all_but_one = sent.get_future();
  while (all_but_one.wait_for(0ms) != std::future_status::ready) EXPECT_FALSE(bare.connection.poll(1ms));
  EXPECT_FALSE(bare.connection.poll(20ms));
  go_on.set_value();
  EXPECT_TRUE(bare.connection.poll(patience()));
  EXPECT_EQ(bare.connection.try_recv_bytes().value().size(), size);
}

TEST(HostilePeer, that_ends_or_announces_nonsense_makes_a_connection_ready) {
  for (auto bytes : {""sv, "\0\0"sv, "\0\0\0\5he"sv}) {
    Bare bare;
    bare.write(bytes);
    bare.end();
    EXPECT_TRUE(bare.connection.poll(patience()));
    EXPECT_EQ(wait({bare.connection}, patience()).size(), 1U);
    if (bytes.empty())
      EXPECT_THROW((void)bare.connection.try_recv_bytes(), EndOfFile);
    else
      EXPECT_THROW((void)bare.connection.try_recv_bytes(), DecodeError);
    EXPECT_THROW((void)bare.connection.recv_bytes(), EndOfFile);
  }
  for (auto bytes : {"\x80\0\0\0"sv, "\x7f\xff\xff\xff"sv, "\xff\xff\xff\xff\x40\0\0\0\0\0\0\0"sv}) {
    Bare bare;
    bare.write(bytes);
    EXPECT_TRUE(bare.connection.poll(patience()));
    EXPECT_THROW((void)bare.connection.recv_bytes(), DecodeError);
  }
}

// A byte each 5 ms: no wait ever finds nothing to read for long, and the deadline holds all the same.
TEST(HostilePeer, that_sends_a_byte_at_a_time_holds_no_deadline_up) {
  Bare bare;
  std::jthread peer([&](const std::stop_token& stop) {
    std::string text = header(1 << 20) + std::string(1 << 16, 'x');
    for (std::size_t i = 0; i < text.size() && !stop.stop_requested(); ++i) {
      if (::send(bare.fds[1], &text[i], 1, MSG_NOSIGNAL) != 1) break;
      std::this_thread::sleep_for(5ms);
    }
  });
  std::vector<std::byte> buffer(1 << 20);
  const std::map<std::string, std::function<void()>> calls{
      {"poll", [&] { EXPECT_FALSE(bare.connection.poll(50ms)); }},
      {"wait", [&] { EXPECT_TRUE(wait({bare.connection}, 50ms).empty()); }},
      {"try_recv", [&] { EXPECT_FALSE(bare.connection.try_recv<std::string>(50ms)); }},
      {"recv_bytes", [&] { EXPECT_THROW((void)bare.connection.recv_bytes({}, 50ms), TimeoutError); }},
      {"recv_bytes_into", [&] { EXPECT_THROW((void)bare.connection.recv_bytes_into(buffer, 0, 50ms), TimeoutError); }},
  };
  for (const auto& [name, call] : calls) {
    auto begin = std::chrono::steady_clock::now();
    call();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s) << name;
  }
}

// As much as we can take, without end: nothing ever blocks, and the deadline holds all the same.
TEST(HostilePeer, that_sends_quickly_without_end_holds_no_deadline_up) {
  Bare bare;
  std::atomic<bool> over = false;
  std::jthread peer([&] {
    std::string text = header(std::uint64_t{1} << 40);
    (void)::send(bare.fds[1], text.data(), text.size(), MSG_NOSIGNAL);
    while (!over && send_zeros(bare.fds[1], 64 << 20) != 0) {}
  });
  EXPECT_THROW((void)bare.connection.recv_bytes(std::size_t{1} << 41, 50ms), TimeoutError);
  over = true;
  bare.connection.close();
}

TEST(HostilePeer, leaves_a_receive_by_several_threads_whole) {
  Bare bare;
  auto waiting = std::async(std::launch::async, [&] { return bare.connection.recv_bytes({}, patience()); });
  std::this_thread::sleep_for(5ms);  // mostly it is in the receive by now; both orders must do
  bare.write("\0\0\0\3a"sv);
  EXPECT_FALSE(bare.connection.poll(10ms)) << "the other thread receives that";
  EXPECT_TRUE(wait({bare.connection}, 10ms).empty());
  bare.write("bc");
  EXPECT_EQ(waiting.get(), bytes_of("abc"));
}

// ---- bounds ---------------------------------------------------------------------------------------------------------

TEST(HostilePeer, cannot_make_a_connection_hold_more_than_its_bound) {
  Bare bare({.limits = {.max_message = Bytes(1 << 20)}});
  auto taken = std::async(std::launch::async, [&] {
    std::string text = header(std::uint64_t{1} << 62);
    (void)::send(bare.fds[1], text.data(), text.size(), MSG_NOSIGNAL);
    return send_zeros(bare.fds[1], std::size_t{1} << 32);
  });
  for (int i = 0; i < 3; ++i) EXPECT_THROW((void)bare.connection.recv<std::string>(patience()), DecodeError);
  EXPECT_THROW((void)bare.connection.try_recv_bytes(), DecodeError);
  EXPECT_LT(taken.get(), std::size_t{64} << 20) << "who sends it is told, and does not wait for ever";
}

TEST(HostilePeer, is_bounded_by_default_and_by_the_caller_where_that_says_more) {
  const std::size_t size = (std::size_t{64} << 20) + 1;
  {
    Bare bare;
    bare.write(header(size));
    EXPECT_THROW((void)bare.connection.recv_bytes(), DecodeError);
  }
  Bare bare({.limits = {.max_message = Bytes(16)}});
  bare.write(
      "\0\0\0\x11"
      "0123456789abcdefg"sv);
  EXPECT_TRUE(bare.connection.poll());
  try {
    (void)bare.connection.recv_bytes(16);
    FAIL() << "received more than was wanted";
  } catch (const OsError& error) { EXPECT_EQ(error.code(), std::errc::message_size); }
  EXPECT_EQ(bare.connection.recv_bytes(17), bytes_of("0123456789abcdefg"));
}

TEST(HostilePeer, cannot_make_a_value_take_more_memory_than_the_bound) {
  // Elements that take a byte each on the way and 40 in memory.
  VectorEncoder out;
  Codec<std::vector<std::optional<std::string>>>::encode(out, std::vector<std::optional<std::string>>(100'000));
  for (bool enough : {true, false}) {
    Bare bare({.limits = {.decode = {.memory = std::size_t{enough ? 16U : 1U} << 20}}});
    std::string message = header(out.bytes().size());
    message.append(reinterpret_cast<const char*>(out.bytes().data()), out.bytes().size());
    bare.write(message);
    if (enough)
      EXPECT_EQ(bare.connection.recv<std::vector<std::optional<std::string>>>().size(), 100'000U);
    else
      EXPECT_THROW((void)bare.connection.recv<std::vector<std::optional<std::string>>>(), DecodeError);
  }
}

TEST(HostilePeer, fills_a_buffer_and_nothing_else) {
  const std::size_t size = std::size_t{96} << 20;
  std::vector<std::byte> buffer(size, std::byte{1});
  Bare bare;
  std::jthread peer([&] {
    std::string text = header(size);
    (void)::send(bare.fds[1], text.data(), text.size(), MSG_NOSIGNAL);
    (void)send_zeros(bare.fds[1], size);
  });
  forget_peak();
  std::size_t before = memory_status("VmHWM");
  ASSERT_NE(before, 0U);
  EXPECT_EQ(bare.connection.recv_bytes_into(buffer, 0, patience()), size);
  // Not the difference: the sender's own memory may be gone by now.
  EXPECT_LT(memory_status("VmHWM"), before + size / 2);
  EXPECT_EQ(buffer.back(), std::byte{0});
}

TEST(HostilePeer, of_a_buffer_that_is_too_small_leaves_the_message_for_a_larger_one) {
  Bare bare;
  std::vector<std::byte> small(10);
  std::vector<std::byte> large(1 << 20);
  std::jthread peer([&] {
    std::string text = header(large.size());
    (void)::send(bare.fds[1], text.data(), text.size(), MSG_NOSIGNAL);
    (void)send_zeros(bare.fds[1], large.size());
    bare.write(
        "\0\0\0\x0b"
        "hello world"sv);
  });
  EXPECT_THROW((void)bare.connection.recv_bytes_into(small), BufferTooShort);
  EXPECT_EQ(bare.connection.recv_bytes_into(large), large.size());
  try {
    (void)bare.connection.recv_bytes_into(small);
    FAIL() << "received more than there is room for";
  } catch (const OversizedMessage& error) { EXPECT_EQ(error.message(), bytes_of("hello world")); }
}

TEST(HostilePeer, that_pauses_in_a_buffer_leaves_no_byte_of_it_behind) {
  Bare bare;
  std::vector<std::byte> buffer(8);
  bare.write("\0\0\0\6abc"sv);
  EXPECT_THROW((void)bare.connection.recv_bytes_into(buffer, 0, 5ms), TimeoutError);
  std::ranges::fill(buffer, std::byte{'?'});  // the caller's again
  bare.write("def");
  EXPECT_EQ(bare.connection.recv_bytes_into(buffer, 2, patience()), 6U);
  EXPECT_EQ(buffer, bytes_of("??abcdef"));
}

TEST(HostilePeer, cannot_name_what_this_process_opens) {
  Queue<int> queue;
  for (bool allowed : {false, true}) {
    Bare bare({.limits = {.decode = {.names = allowed}}});
    VectorEncoder out;
    Codec<Queue<int>>::encode(out, queue);
    std::string message = header(out.bytes().size());
    message.append(reinterpret_cast<const char*>(out.bytes().data()), out.bytes().size());
    bare.write(message);
    if (allowed)
      EXPECT_EQ(bare.connection.recv<Queue<int>>(), queue);
    else
      EXPECT_THROW((void)bare.connection.recv<Queue<int>>(), DecodeError);
  }
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

TEST(HostilePeer, leaves_no_descriptor_open) {
  Bare bare;
  int before = open_descriptors();
  for (int i = 0; i < 10; ++i) {
    send_with_descriptors(bare.fds[1], "\0\0\0\1x"sv, 253);
    EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("x"));
    send_with_descriptors(bare.fds[1], "\0\0\0\1x"sv, 253);
    EXPECT_TRUE(bare.connection.poll());
    EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("x"));
    send_with_descriptors(bare.fds[1], "\1"sv, 253);
    EXPECT_THROW((void)bare.connection.recv_handle(), DecodeError);
    send_with_descriptors(bare.fds[1], "\1"sv, 3);
    EXPECT_TRUE(bare.connection.poll());
    EXPECT_THROW((void)bare.connection.recv_bytes(), DecodeError) << "ready means that nothing blocks";
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(HostilePeer, or_a_good_one_may_be_polled_for_a_descriptor) {
  Bare bare;
  Connection peer = Connection::from_descriptor(std::exchange(bare.fds[1], -1));
  EXPECT_FALSE(bare.connection.poll());
  peer.send_handle(bare.connection.fileno());
  EXPECT_TRUE(bare.connection.poll(patience()));
  int received = bare.connection.recv_handle();
  EXPECT_GE(received, 0);
  ::close(received);
  EXPECT_FALSE(bare.connection.poll());
}

// Another process that shares the descriptor takes what poll(2) saw: nothing may block then, pipes and sockets alike.
TEST(HostilePeer, that_takes_our_bytes_back_holds_no_deadline_up) {
  for (bool socket : {true, false}) {
    int fds[2];
    ASSERT_EQ(socket ? ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) : ::pipe(fds), 0);
    int thief = ::dup(fds[0]);
    ASSERT_EQ(::fcntl(fds[1], F_SETFL, O_WRONLY | O_NONBLOCK), 0);
    Connection end = Connection::from_descriptor(fds[0], {.writable = socket});
    std::atomic<bool> over = false;
    std::jthread writer([&] {
      while (!over)
        if (::write(fds[1], "\0", 1) < 0) std::this_thread::yield();
    });
    std::jthread taker([&] {
      char byte;
      while (!over) {
        pollfd item{thief, POLLIN, 0};
        if (::poll(&item, 1, 10) > 0) (void)!::read(thief, &byte, 1);
      }
    });
    for (int i = 0; i < 20; ++i) {
      (void)end.poll(1ms);
      (void)end.try_recv_bytes(1ms);
    }
    over = true;
    writer.join();
    ::close(fds[1]);  // ends a read of the taker that came too late
    taker.join();
    ::close(thief);
  }
}

// ---- travelling and forking -----------------------------------------------------------------------------------------

TEST(HostilePeer, does_not_make_a_connection_lose_what_it_holds_by_travelling) {
  for (auto bytes : {"\0"sv, "\0\0\0\1x"sv}) {
    Bare bare;
    bare.write(bytes);
    (void)bare.connection.poll();
    VectorEncoder out;
    out.carry_descriptors(1);
    EXPECT_THROW(Codec<Connection>::encode(out, bare.connection), EncodeError);
    bare.write("\0\0\0\1x"sv.substr(bytes.size()));
    EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("x"));
    Codec<Connection>::encode(out, bare.connection);
  }
}

TEST(HostilePeer, of_a_forked_process_has_each_message_received_once) {
  Bare bare;
  bare.write("\0\0\0\1a"sv);
  ASSERT_TRUE(bare.connection.poll());
  bare.write("\0\0\0\1b"sv);
  pid_t child = ::fork();
  if (child == 0) {
    alarm(30);
    ::_exit(bare.connection.try_recv_bytes() == bytes_of("b") ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "what the parent holds is the parent's";
  EXPECT_EQ(bare.connection.try_recv_bytes(), bytes_of("a"));
  bare.write("\0\0"sv);
  EXPECT_FALSE(bare.connection.poll());
  child = ::fork();
  if (child == 0) {
    alarm(30);
    try {
      (void)bare.connection.try_recv_bytes();
      ::_exit(1);
    } catch (const StateError&) { ::_exit(0); }
  }
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the child cannot know what came before";
}

}  // namespace
}  // namespace cohort
