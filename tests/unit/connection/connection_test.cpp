// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Connections over descriptors: Python's framing, byte for byte, and what can go wrong in a stream.
#include "cohort/connection/connection.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "cohort/connection/pipe.hpp"
#include "cohort/queue/queue.hpp"
#include "support/scratch.hpp"
#include "unit/connection/bare_stream.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using test::Bare;
using test::bytes_of;
using test::patience;

using namespace std::string_view_literals;

TEST(Connection, frames_messages_as_python_does) {
  Bare bare;
  bare.connection.send_bytes(bytes_of("hello"));
  EXPECT_EQ(bare.read(9), "\0\0\0\5hello"sv);
  bare.connection.send_bytes({});
  EXPECT_EQ(bare.read(4), "\0\0\0\0"sv);
  std::thread sender([&] { bare.connection.send_bytes(std::vector<std::byte>(0x12345)); });
  EXPECT_EQ(bare.read(4), "\0\1\x23\x45"sv);
  (void)bare.read(0x12345);
  sender.join();
  bare.write("\0\0\0\3abc\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\2xy"sv);
  EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("abc"));
  EXPECT_EQ(bare.connection.recv_bytes(), bytes_of(""));
  EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("xy"));
}

TEST(Connection, tells_the_end_of_a_stream_from_one_in_the_middle_of_a_message) {
  for (auto cut : {"\0"sv, "\0\0\0\5"sv, "\0\0\0\5hel"sv, "\xff\xff\xff\xff\0\0"sv}) {
    Bare bare;
    bare.write("\0\0\0\1x"sv);
    bare.write(cut);
    bare.end();
    EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("x"));
    try {
      (void)bare.connection.recv_bytes();
      FAIL() << "received a message that was cut off";
    } catch (const DecodeError& error) {
      EXPECT_NE(std::string(error.what()).find("got end of file during message"), std::string::npos);
    }
    EXPECT_THROW((void)bare.connection.recv_bytes(), EndOfFile);
  }
}

TEST(Connection, refuses_a_length_that_is_none) {
  Bare bare;
  bare.write("\x80\0\0\0...."sv);
  EXPECT_THROW((void)bare.connection.recv_bytes(), DecodeError);
}

TEST(Connection, makes_no_room_for_what_is_only_announced) {
  Bare bare;
  bare.write("\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff..."sv);
  bare.end();
  EXPECT_THROW((void)bare.connection.recv_bytes(), DecodeError);
}

TEST(Connection, goes_on_in_the_middle_of_a_message_after_a_deadline) {
  Bare bare;
  std::string_view whole = "\0\0\0\5hello"sv;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(bare.connection.try_recv_bytes(), std::nullopt);
    bare.write(whole.substr(i, 1));
  }
  EXPECT_TRUE(bare.connection.poll());
  EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("hello"));
}

TEST(Connection, sends_no_more_after_a_message_was_sent_in_part) {
  Bare bare;
  std::vector<std::byte> large(16 << 20);
  EXPECT_THROW(bare.connection.send_bytes(large, 0, {}, 5ms), TimeoutError);
  EXPECT_THROW(bare.connection.send_bytes(bytes_of("x")), StateError);
  bare.write("\0\0\0\1x"sv);
  EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("x")) << "it still receives";
}

TEST(Connection, works_with_descriptors_in_non_blocking_mode) {
  for (bool socket : {true, false}) {
    auto [reader, writer] = Pipe({.duplex = false, .transport = Transport::socket});
    if (socket) std::tie(reader, writer) = Pipe({.transport = Transport::socket});
    for (auto* end : {&reader, &writer})
      ASSERT_EQ(::fcntl(end->fileno(), F_SETFL, ::fcntl(end->fileno(), F_GETFL) | O_NONBLOCK), 0);
    EXPECT_EQ(reader.try_recv<int>(), std::nullopt);
    std::vector<std::byte> large(4 << 20, std::byte{7});
    std::thread sender([&] { writer.send_bytes(large); });
    EXPECT_TRUE(reader.recv_bytes({}, patience()) == large);
    sender.join();
  }
}

extern "C" void ignore_signal_in_test(int) {}

TEST(Connection, is_not_disturbed_by_signals) {
  struct sigaction action{};
  action.sa_handler = ignore_signal_in_test;  // without SA_RESTART: calls are interrupted
  struct sigaction before{};
  ::sigaction(SIGUSR1, &action, &before);
  for (auto transport : {Transport::memory, Transport::socket}) {
    auto [a, b] = Pipe({.transport = transport});
    pthread_t here = ::pthread_self();
    std::atomic<bool> done{false};
    std::thread other([&, &a = a] {
      for (int i = 0; i < 50; ++i) {
        ::pthread_kill(here, SIGUSR1);
        a.send_bytes(std::vector<std::byte>(200000));
      }
      while (!done) {
        ::pthread_kill(here, SIGUSR1);
        std::this_thread::yield();
      }
      a.close();
    });
    for (int i = 0; i < 50; ++i) EXPECT_EQ(b.recv_bytes({}, patience()).size(), 200000U);
    done = true;
    EXPECT_THROW((void)b.recv_bytes({}, patience()), EndOfFile);
    other.join();
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(Connection, refuses_descriptors_that_are_none) {
  EXPECT_THROW((void)Connection::from_descriptor(-1), ValueError);
  for (int stream : {0, 1, 2}) EXPECT_THROW((void)Connection::from_descriptor(stream), ValueError);
  EXPECT_THROW((void)Connection::from_descriptor(987654), OsError);
  for (int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    try {
      (void)Connection::from_descriptor(ends[0]);
      ADD_FAILURE() << "taken over: type " << type;
    } catch (const ValueError& error) {
      EXPECT_NE(std::string(error.what()).find("a stream socket or a pipe is needed"), std::string::npos)
          << error.what();
    }
    // What is refused stays the caller's.
    for (int end : ends) EXPECT_EQ(::close(end), 0);
  }
  EXPECT_THROW((void)Connection::from_descriptor(0, {.readable = false, .writable = false}), ValueError);
}

TEST(Connection, closes_its_descriptor_with_its_last_handle) {
  auto [a, b] = Pipe({.transport = Transport::socket});
  int fd = a.fileno();
  {
    Connection copy = a;
    EXPECT_EQ(copy.fileno(), fd);
  }
  EXPECT_GE(::fcntl(fd, F_GETFD), 0);
  a = Connection(null_handle);
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
  EXPECT_THROW((void)b.recv<int>(), EndOfFile);
}

TEST(Connection, passes_descriptors) {
  auto [a, b] = Pipe({.transport = Transport::socket});
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  a.send_handle(pipe[1]);
  a.send("and more");
  int received = b.recv_handle(patience());
  EXPECT_NE(::fcntl(received, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(b.recv<std::string>(), "and more");
  ASSERT_EQ(::write(received, "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(pipe[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  EXPECT_THROW((void)b.recv_handle(5ms), TimeoutError);
  a.send_bytes({});
  EXPECT_THROW((void)b.recv_handle(patience()), DecodeError);
  a.close();
  // What is left of the empty message's length, then the end.
  char rest[3];
  ASSERT_EQ(::read(b.fileno(), rest, 3), 3);
  EXPECT_THROW((void)b.recv_handle(patience()), EndOfFile);
  for (int fd : {pipe[0], pipe[1], received}) ::close(fd);
}

TEST(Connection, passes_no_descriptors_through_a_pipe) {
  auto [reader, writer] = Pipe({.duplex = false, .transport = Transport::socket});
  EXPECT_THROW(writer.send_handle(0), StateError);
  EXPECT_THROW((void)reader.recv_handle(), StateError);
}

// A Python program at the other end of an inherited descriptor.
class WithPython : public testing::Test {
 protected:
  // Runs python3 with `script`, which finds a multiprocessing Connection as `c`.
  Connection start(const std::string& script) {
    auto [here, there] = Pipe({.transport = Transport::socket});
    std::string text =
        "import os, sys, socket\n"
        "from multiprocessing.connection import Connection\n"
        "from multiprocessing import reduction\n"
        "c = Connection(int(sys.argv[1]))\n" +
        script;
    int fd = there.fileno();
    std::string number = std::to_string(fd);
    child_ = ::fork();
    if (child_ == 0) {
      ::fcntl(fd, F_SETFD, 0);
      ::execlp("python3", "python3", "-c", text.c_str(), number.c_str(), nullptr);
      ::_exit(127);
    }
    return here;
  }
  [[nodiscard]] int exit_status() {
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void TearDown() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      (void)exit_status();
    }
  }
  pid_t child_ = -1;
};

TEST_F(WithPython, exchanges_messages_of_all_sizes) {
  Connection c = start(
      "while True:\n"
      "    try: m = c.recv_bytes()\n"
      "    except EOFError: break\n"
      "    c.send_bytes(m[::-1])\n");
  for (std::size_t size : {0UL, 1UL, 5UL, 16383UL, 16384UL, 16385UL, 1UL << 20}) {
    std::vector<std::byte> message(size);
    for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::byte>(i);
    c.send_bytes(message);
    std::vector<std::byte> turned(message.rbegin(), message.rend());
    auto answer = c.try_recv_bytes(patience());
    if (!answer && size == 0) GTEST_SKIP() << "no python3 here";
    ASSERT_TRUE(answer == turned) << size;
  }
  c.close();
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(WithPython, sends_values_as_pickles_that_are_bytes_here) {
  Connection c = start("c.send([1, 'x', None])\n");
  std::vector<std::byte> pickle;
  try {
    pickle = c.recv_bytes({}, patience());
  } catch (const EndOfFile&) { GTEST_SKIP() << "no python3 here"; }
  ASSERT_GE(pickle.size(), 2U);
  EXPECT_EQ(pickle[0], std::byte{0x80});
  EXPECT_EQ(pickle.back(), std::byte{'.'});
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(WithPython, passes_descriptors_both_ways) {
  Connection c = start(
      "fd = reduction.recv_handle(c)\n"
      "os.write(fd, b'from python')\n"
      "r, w = os.pipe()\n"
      "os.write(w, b'a pipe of python')\n"
      "reduction.send_handle(c, r, os.getppid())\n"
      "c.recv_bytes()\n");
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  c.send_handle(pipe[1]);
  ::close(pipe[1]);
  char text[32] = {};
  ssize_t n = ::read(pipe[0], text, sizeof text - 1);
  if (n <= 0) GTEST_SKIP() << "no python3 here, or one that wants descriptors acknowledged";
  EXPECT_STREQ(text, "from python");
  int received = c.recv_handle(patience());
  std::memset(text, 0, sizeof text);
  EXPECT_GT(::read(received, text, sizeof text - 1), 0);
  EXPECT_STREQ(text, "a pipe of python");
  c.send_bytes({});
  EXPECT_EQ(exit_status(), 0);
  ::close(received);
  ::close(pipe[0]);
}

TEST_F(WithPython, sees_its_death_in_the_middle_of_a_message) {
  Connection c = start("os.write(c.fileno(), b'\\0\\0\\1\\0part'); os.kill(os.getpid(), 9)\n");
  try {
    (void)c.recv_bytes({}, patience());
    FAIL() << "a message came";
  } catch (const DecodeError&) {
  } catch (const EndOfFile&) { GTEST_SKIP() << "no python3 here"; }
}

// What a start of a process does: the message, and copies of the descriptors.
Connection travelled(const Connection& connection) {
  VectorEncoder out;
  out.carry_descriptors(1);
  Codec<Connection>::encode(out, connection);
  auto attached = out.take_descriptors();
  EXPECT_EQ(attached.size(), 1U);
  CarriedDescriptors carried({::fcntl(attached.at(0).number, F_DUPFD_CLOEXEC, 3)});
  auto bytes = out.take();
  Decoder in(bytes);
  in.bring(carried);
  Connection arrived = Codec<Connection>::decode(in);
  in.expect_end();
  return arrived;
}

TEST(Connection, travels_by_a_carrier_that_takes_descriptors) {
  auto [a, b] = Pipe({.transport = Transport::socket});
  Connection arrived = travelled(b);
  b.close();
  a.send(1);
  EXPECT_EQ(arrived.recv<int>(), 1);
  arrived.send(2);
  EXPECT_EQ(a.recv<int>(), 2);
  auto [r, w] = Pipe({.duplex = false, .transport = Transport::socket});
  EXPECT_FALSE(travelled(r).writable());
  EXPECT_FALSE(travelled(w).readable());
}

TEST(Connection, does_not_travel_by_other_carriers_or_in_the_middle_of_a_message) {
  Bare bare;
  EXPECT_THROW((void)encode(bare.connection), EncodeError);
  auto [a, b] = Pipe();
  EXPECT_THROW(a.send(bare.connection), EncodeError);
  EXPECT_THROW(Queue<Connection>().put(bare.connection), EncodeError);
  EXPECT_THROW(bare.connection.send(bare.connection), EncodeError);
  bare.write("\0\0"sv);
  EXPECT_EQ(bare.connection.try_recv_bytes(), std::nullopt);
  EXPECT_THROW((void)travelled(bare.connection), EncodeError);
  bare.write("\0\1x"sv);
  EXPECT_EQ(bare.connection.recv_bytes(), bytes_of("x"));
  EXPECT_TRUE(travelled(bare.connection).readable());
  EXPECT_THROW(bare.connection.send_bytes(std::vector<std::byte>(16 << 20), 0, {}, 5ms), TimeoutError);
  EXPECT_THROW((void)travelled(bare.connection), EncodeError);
  EXPECT_THROW((void)travelled(Connection(null_handle)), EncodeError);
  bare.connection.close();
  EXPECT_THROW((void)travelled(bare.connection), ClosedError);
}

// Between the encoding and the start, another thread may close it: the number must not become another descriptor's.
TEST(Connection, that_is_about_to_travel_stays_open_until_it_has) {
  Bare bare;
  VectorEncoder out;
  out.carry_descriptors(1);
  Codec<Connection>::encode(out, bare.connection);
  auto attached = out.take_descriptors();
  int fd = attached.at(0).number;
  bare.connection.close();
  EXPECT_GE(::fcntl(fd, F_GETFD), 0);
  attached.clear();
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST(Connection, refuses_bytes_that_are_no_connection) {
  for (std::initializer_list<int> bad : {std::initializer_list<int>{},
                                         {2},
                                         {1, 0, 0, 0, 0, 0},
                                         {1, 4, 0, 0, 0, 0},
                                         {1, 3, 0, 0, 0},
                                         {1, 3, 0, 0, 0, 0},
                                         {0, 1, 2, 3}}) {
    std::vector<std::byte> bytes;
    for (int byte : bad) bytes.push_back(static_cast<std::byte>(byte));
    EXPECT_THROW((void)decode<Connection>(bytes), DecodeError);
  }
}

}  // namespace
}  // namespace cohort
