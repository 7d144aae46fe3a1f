// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What holds for a pipe, whatever carries its messages: one body of tests, which a test program includes and runs for
// each transport that it names.
//
//   INSTANTIATE_TEST_SUITE_P(Each, TransportConformance,
//                            ::testing::Values(TransportUnderTest{"memory", make, true}), name_of);
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/wire/object.hpp"
#include "support/scratch.hpp"

namespace cohort::test {

using namespace std::chrono_literals;

struct TransportUnderTest {
  const char* name;
  /// The end that sends, and the one that receives.
  std::pair<Connection, Connection> (*make)();
  bool duplex;  ///< both do both
};

class TransportConformance : public ::testing::TestWithParam<TransportUnderTest> {
 protected:
  static std::pair<Connection, Connection> make() { return GetParam().make(); }
};

inline std::string name_of(const ::testing::TestParamInfo<TransportUnderTest>& info) { return info.param.name; }

inline std::vector<std::byte> bytes_of(std::string_view text) {
  auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

// Bytes that differ from place to place.
inline std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 131 + i / 4096);
  return bytes;
}

// The i-th message of a sender: small, in a block, or in pieces.
inline std::vector<std::byte> numbered(unsigned sender, unsigned i) {
  constexpr std::size_t kSizes[] = {20, 9'000, 70'000, 300, (std::size_t{5} << 19) + 7};
  auto bytes = pattern(kSizes[i % 5] + i);
  for (std::size_t at = 0; at < 4; ++at) bytes[1 + at] = static_cast<std::byte>(i >> (8 * at));
  bytes[0] = static_cast<std::byte>(sender);
  return bytes;
}

template <class E, class F>
int code_of(F&& f) {
  try {
    f();
  } catch (const E& error) { return error.code().value(); }
  return 0;
}

TEST_P(TransportConformance, carries_values_of_many_types_in_order) {
  auto [a, b] = make();
  a.send(42);
  a.send("hello");
  a.send(std::vector<double>{1, 2.5});
  a.send(std::map<std::string, int>{{"x", 1}});
  a.send(Object(Object::List{Object(1), Object("two"), Object()}));
  EXPECT_EQ(b.recv<int>(patience()), 42);
  EXPECT_EQ(b.recv<std::string>(patience()), "hello");
  EXPECT_EQ(b.recv<std::vector<double>>(patience()), (std::vector<double>{1, 2.5}));
  EXPECT_EQ((b.recv<std::map<std::string, int>>(patience())), (std::map<std::string, int>{{"x", 1}}));
  EXPECT_EQ(b.recv<Object>(patience()), Object(Object::List{Object(1), Object("two"), Object()}));
}

TEST_P(TransportConformance, carries_messages_both_ways_or_one_way_as_it_says) {
  auto [a, b] = make();
  EXPECT_TRUE(a.writable());
  EXPECT_TRUE(b.readable());
  EXPECT_EQ(a.readable(), GetParam().duplex);
  EXPECT_EQ(b.writable(), GetParam().duplex);
  a.send(5);
  EXPECT_EQ(b.recv<int>(patience()), 5);
  if (GetParam().duplex) {
    b.send(7L);
    EXPECT_EQ(a.recv<long>(patience()), 7L);
    return;
  }
  EXPECT_THROW(b.send(1), StateError);
  EXPECT_THROW((void)a.recv<int>(), StateError);
  EXPECT_THROW((void)a.recv_bytes(), StateError);
  EXPECT_THROW((void)a.poll(), StateError);
}

TEST_P(TransportConformance, keeps_the_boundaries_of_messages_the_empty_one_too) {
  auto [a, b] = make();
  for (const char* text : {"", "hello", "", "goodbye", ""}) a.send_bytes(bytes_of(text));
  for (const char* text : {"", "hello", "", "goodbye", ""}) {
    EXPECT_TRUE(b.poll());
    EXPECT_TRUE(b.poll()) << "a look takes nothing";
    EXPECT_EQ(b.recv_bytes({}, patience()), bytes_of(text));
  }
  EXPECT_FALSE(b.poll());
}

TEST_P(TransportConformance, sends_any_part_of_a_buffer_and_refuses_what_lies_beyond) {
  auto [a, b] = make();
  auto all = bytes_of("abcdefghijklmnopqrstuvwxyz");
  auto part = [&](std::size_t from, std::size_t size) {
    return std::vector<std::byte>(all.begin() + static_cast<long>(from), all.begin() + static_cast<long>(from + size));
  };
  a.send_bytes(all);
  EXPECT_EQ(b.recv_bytes(), all);
  a.send_bytes(all, 5);
  EXPECT_EQ(b.recv_bytes(), part(5, 21));
  a.send_bytes(all, 7, 8);
  EXPECT_EQ(b.recv_bytes(), part(7, 8));
  a.send_bytes(all, 26);
  EXPECT_TRUE(b.recv_bytes().empty());
  a.send_bytes(all, 26, 0);
  EXPECT_TRUE(b.recv_bytes().empty());
  EXPECT_THROW(a.send_bytes(all, 27), ValueError);
  EXPECT_THROW(a.send_bytes(all, 22, 5), ValueError);
  EXPECT_THROW(a.send_bytes(all, 26, 1), ValueError);
  EXPECT_THROW(a.send_bytes(all, 1, SIZE_MAX), ValueError);
  EXPECT_FALSE(b.poll());
}

TEST_P(TransportConformance, receives_into_a_buffer_and_gives_the_message_when_that_is_too_short) {
  auto [a, b] = make();
  std::vector<std::byte> buffer(10);
  a.send_bytes(bytes_of("hello"));
  EXPECT_EQ(b.recv_bytes_into(buffer, 3), 5U);
  EXPECT_EQ(std::vector(buffer.begin() + 3, buffer.begin() + 8), bytes_of("hello"));
  a.send_bytes(bytes_of("hello"));
  EXPECT_EQ(b.recv_bytes_into(buffer, 5), 5U);
  a.send_bytes(bytes_of("too long for it"));
  try {
    (void)b.recv_bytes_into(buffer, 1);
    FAIL() << "it fitted";
  } catch (const OversizedMessage& error) { EXPECT_EQ(error.message(), bytes_of("too long for it")); }
  EXPECT_THROW((void)b.recv_bytes_into(buffer, 11), ValueError);
  a.send_bytes(bytes_of("next"));
  EXPECT_EQ(b.recv_bytes(), bytes_of("next")) << "the connection goes on";
}

TEST_P(TransportConformance, leaves_a_message_that_is_longer_than_wanted_where_it_is) {
  auto [a, b] = make();
  for (std::size_t size : {100UL, 100000UL}) {
    auto message = pattern(size);
    std::thread sender([&, &a = a] { a.send_bytes(message); });
    ASSERT_TRUE(b.poll(patience()));
    EXPECT_EQ(code_of<OsError>([&, &b = b] { (void)b.recv_bytes(size - 1); }), EMSGSIZE);
    EXPECT_TRUE(b.poll());
    EXPECT_EQ(b.recv_bytes(size, patience()), message);
    sender.join();
  }
}

TEST_P(TransportConformance, carries_messages_of_all_sizes_whole) {
  auto [a, b] = make();
  std::vector<std::size_t> sizes{0, 1, 7, 8, 9, 4096, 8191, 8192, 8193, 16384, 16385, 65536, 1 << 20, (16 << 20) + 3};
  std::thread sender([&, &a = a] {
    for (std::size_t size : sizes) a.send_bytes(pattern(size));
  });
  for (std::size_t size : sizes) EXPECT_TRUE(b.recv_bytes({}, patience()) == pattern(size)) << size;
  sender.join();
}

TEST_P(TransportConformance, gives_all_that_was_sent_and_then_the_end_of_file) {
  auto [a, b] = make();
  a.send(1);
  a.send(2);
  a.close();
  EXPECT_TRUE(b.poll());
  EXPECT_EQ(b.recv<int>(), 1);
  EXPECT_EQ(b.try_recv<int>(), 2);
  EXPECT_TRUE(b.poll()) << "the end counts as readable";
  EXPECT_THROW((void)b.recv<int>(), EndOfFile);
  EXPECT_THROW((void)b.try_recv<int>(), EndOfFile);
  EXPECT_THROW((void)b.recv_bytes(), EndOfFile);
}

TEST_P(TransportConformance, wakes_a_receiver_when_the_other_end_is_closed) {
  auto [a, b] = make();
  std::thread closer([&, &a = a] { a.close(); });
  EXPECT_THROW((void)b.recv<int>(patience()), EndOfFile);
  closer.join();
}

TEST_P(TransportConformance, tells_a_sender_that_the_other_end_is_closed_without_a_signal) {
  auto [a, b] = make();
  b.close();
  EXPECT_EQ(code_of<OsError>([&, &a = a] { a.send(1); }), EPIPE);
  EXPECT_EQ(code_of<OsError>([&, &a = a] { a.send_bytes(pattern(100000)); }), EPIPE);
}

TEST_P(TransportConformance, throws_when_used_after_close_or_move) {
  auto [a, b] = make();
  Connection copy = a;
  EXPECT_TRUE(copy == a);
  EXPECT_FALSE(a == b);
  EXPECT_FALSE(a.closed());
  copy.close();
  copy.close();
  EXPECT_TRUE(a.closed()) << "all handles of this process are closed at once";
  EXPECT_THROW(a.send(1), ClosedError);
  EXPECT_THROW(a.send_bytes({}), ClosedError);
  EXPECT_THROW((void)a.fileno(), ClosedError);
  Connection moved = std::move(b);
  EXPECT_TRUE(b.is_null());
  EXPECT_TRUE(b.closed());
  EXPECT_THROW((void)b.recv<int>(), ClosedError);
  EXPECT_THROW((void)b.poll(), ClosedError);
  b.close();
  EXPECT_THROW((void)moved.recv<int>(), EndOfFile);
  moved.close();
  EXPECT_THROW((void)moved.recv<int>(), ClosedError);
  EXPECT_THROW((void)moved.poll(), ClosedError);
}

TEST_P(TransportConformance, gives_up_at_the_deadline_and_on_a_stop) {
  auto [a, b] = make();
  EXPECT_EQ(b.try_recv<int>(), std::nullopt);
  EXPECT_EQ(b.try_recv<int>(5ms), std::nullopt);
  EXPECT_THROW((void)b.recv<int>(5ms), TimeoutError);
  EXPECT_FALSE(b.poll(5ms));
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(b.try_recv<int>(stop.get_token()), std::nullopt);
  stopper.join();
  EXPECT_THROW((void)b.recv<int>({stop.get_token(), patience()}), Stopped);
  EXPECT_THROW((void)b.recv_bytes({}, stop.get_token()), Stopped);
  std::vector<std::byte> buffer(10);
  EXPECT_THROW((void)b.recv_bytes_into(buffer, 0, stop.get_token()), Stopped);
  EXPECT_THROW((void)b.poll(stop.get_token()), Stopped);
  a.send(3);
  EXPECT_EQ(b.try_recv<int>(stop.get_token()).value_or(3), 3);
}

TEST_P(TransportConformance, ends_a_wait_of_another_thread_when_it_is_closed) {
  auto [a, b] = make();
  std::thread closer([&, &b = b] { b.close(); });
  EXPECT_THROW((void)b.recv<int>(patience()), ClosedError);
  closer.join();
  EXPECT_EQ(code_of<OsError>([&, &a = a] { a.send(1); }), EPIPE) << "the end went with its last call";
}

TEST_P(TransportConformance, makes_a_sender_wait_while_nobody_receives) {
  auto [a, b] = make();
  std::size_t sent = 0;
  auto kib = pattern(1024);
  while (a.try_send_bytes(kib)) ASSERT_LT(++sent, 100000U);
  EXPECT_GE(sent, 16U);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(a.try_send_bytes(kib, stop.get_token()));
  EXPECT_THROW(a.send_bytes(kib, 0, {}, 5ms), TimeoutError);
  std::thread sender([&, &a = a] {
    for (int i = 0; i < 100; ++i) a.send(i);
  });
  for (std::size_t i = 0; i < sent; ++i) ASSERT_EQ(b.recv_bytes({}, patience()), kib);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(b.recv<int>(patience()), i);
  sender.join();
}

TEST_P(TransportConformance, refuses_a_message_of_another_form_and_goes_on) {
  auto [a, b] = make();
  a.send_bytes(bytes_of("xyz"));
  a.send(1);
  EXPECT_THROW((void)b.recv<std::string>(), DecodeError);
  EXPECT_EQ(b.recv<int>(), 1);
}

TEST_P(TransportConformance, gives_each_message_to_one_of_several_threads) {
  auto [a, b] = make();
  constexpr int kEach = 2000;
  std::atomic<long> sum{0};
  std::atomic<int> count{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t, &a = a] {
      for (int i = 0; i < kEach; ++i) a.send(t * kEach + i);
    });
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, &b = b] {
      try {
        while (true) {
          sum += b.recv<int>(patience());
          ++count;
        }
      } catch (const EndOfFile&) {}
    });
  for (int t = 0; t < 3; ++t) threads[static_cast<std::size_t>(t)].join();
  a.close();
  for (std::size_t t = 3; t < 6; ++t) threads[t].join();
  EXPECT_EQ(count, 3 * kEach);
  EXPECT_EQ(sum, 3L * kEach * (3L * kEach - 1) / 2);
}

TEST_P(TransportConformance, sees_the_end_of_file_when_the_process_at_the_other_end_is_killed) {
  auto [a, b] = make();
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(50);
    b.close();
    a.send(1);
    ::pause();
    ::_exit(0);
  }
  EXPECT_EQ(b.recv<int>(patience()), 1)
      << "a copy of the process has its references once it has used one of its handles";
  a.close();
  ::kill(child, SIGKILL);
  EXPECT_THROW((void)b.recv<int>(patience()), EndOfFile);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
}

TEST_P(TransportConformance, frees_a_sender_that_waits_for_a_process_that_is_killed) {
  auto [a, b] = make();
  // The child says that it has the end, by a pipe of the system.
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(50);
    a.close();
    (void)b.poll();
    if (::write(ready[1], "x", 1) == 1) ::pause();
    ::_exit(0);
  }
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  for (int fd : ready) ::close(fd);
  b.close();
  while (a.try_send_bytes(pattern(1024))) {}
  ::kill(child, SIGKILL);
  EXPECT_EQ(code_of<OsError>([&, &a = a] { a.send_bytes(pattern(1024), 0, {}, patience()); }), EPIPE);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
}

// ---- what goes on in the middle of a message ------------------------------------------------------------------------

TEST_P(TransportConformance, keeps_many_small_messages_in_order) {
  auto [a, b] = make();
  constexpr int kMessages = 20'000;
  std::thread sender([&, &a = a] {
    for (int i = 0; i < kMessages; ++i) a.send(i);
  });
  for (int i = 0; i < kMessages; ++i) ASSERT_EQ(b.recv<int>(patience()), i);
  sender.join();
}

TEST_P(TransportConformance, keeps_what_each_of_several_senders_sends_whole_and_in_order) {
  auto [a, b] = make();
  constexpr unsigned kSenders = 4;
  constexpr unsigned kEach = 100;
  std::vector<std::thread> senders;
  for (unsigned s = 0; s < kSenders; ++s)
    senders.emplace_back([&, s, &a = a] {
      for (unsigned i = 0; i < kEach; ++i) a.send_bytes(numbered(s, i));
    });
  unsigned next[kSenders] = {};
  for (unsigned i = 0; i < kSenders * kEach; ++i) {
    auto message = b.recv_bytes({}, patience());
    auto s = static_cast<unsigned>(message.at(0));
    ASSERT_LT(s, kSenders);
    ASSERT_TRUE(message == numbered(s, next[s])) << s << ' ' << next[s];
    ++next[s];
  }
  for (auto& sender : senders) sender.join();
}

TEST_P(TransportConformance, receives_large_messages_into_a_buffer) {
  auto [a, b] = make();
  std::vector<std::byte> buffer((5 << 20) + 100);
  std::thread sender([&, &a = a] {
    for (std::size_t size : {std::size_t{100'000}, std::size_t{5} << 20}) a.send_bytes(pattern(size));
  });
  for (std::size_t size : {std::size_t{100'000}, std::size_t{5} << 20}) {
    EXPECT_EQ(b.recv_bytes_into(buffer, 50, patience()), size);
    auto sent = pattern(size);
    EXPECT_TRUE(std::equal(sent.begin(), sent.end(), buffer.begin() + 50)) << size;
  }
  sender.join();
}

TEST_P(TransportConformance, loses_nothing_to_receives_that_give_up_in_the_middle_of_a_message) {
  auto [a, b] = make();
  std::thread sender([&, &a = a] {
    for (unsigned i = 1; i <= 5; ++i) a.send_bytes(pattern(i * (1 << 20)));
  });
  Deadline limit = patience();
  for (unsigned i = 1; i <= 5; ++i) {
    std::optional<std::vector<std::byte>> message;
    while (!message && !limit.expired()) message = b.try_recv_bytes(i % 2 == 0 ? Deadline::now() : Deadline(1ms));
    ASSERT_TRUE(message.has_value());
    EXPECT_TRUE(*message == pattern(i * (1 << 20))) << i;
  }
  sender.join();
}

TEST_P(TransportConformance, polls_for_a_whole_message_and_takes_none) {
  auto [a, b] = make();
  EXPECT_FALSE(b.poll());
  EXPECT_FALSE(b.poll(1ms));
  std::thread sender([&, &a = a] { a.send_bytes(pattern(3 << 20)); });
  EXPECT_TRUE(b.poll(patience()));
  EXPECT_TRUE(b.poll());
  EXPECT_EQ(b.recv_bytes({}, patience()).size(), std::size_t{3} << 20);
  sender.join();
  EXPECT_FALSE(b.poll());
}

TEST_P(TransportConformance, ends_a_send_that_waits_on_a_stop) {
  auto [a, b] = make();
  auto kib = pattern(1024);
  std::size_t sent = 0;
  while (a.try_send_bytes(kib)) ASSERT_LT(++sent, 100000U);
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(a.try_send_bytes(kib, stop.get_token()));
  stopper.join();
  for (std::size_t i = 0; i < sent; ++i) ASSERT_EQ(b.recv_bytes({}, patience()), kib);
  EXPECT_FALSE(b.poll()) << "nothing of it was sent";
}

TEST_P(TransportConformance, ends_a_send_of_another_thread_when_it_is_closed) {
  auto [a, b] = make();
  auto kib = pattern(1024);
  while (a.try_send_bytes(kib)) {}
  std::thread closer([&, &a = a] { a.close(); });
  EXPECT_THROW(a.send_bytes(kib, 0, {}, patience()), ClosedError);
  closer.join();
  while (true) {
    try {
      (void)b.recv_bytes({}, patience());
    } catch (const EndOfFile&) { break; }
  }
}

// What came of the last message is dropped: in memory without a word, over a stream with an error that says so.
TEST_P(TransportConformance, shows_only_whole_messages_of_a_sender_that_is_killed) {
  for (unsigned round = 0; round < 8; ++round) {
    auto [a, b] = make();
    pid_t child = ::fork();
    if (child == 0) {
      ::alarm(50);
      b.close();
      for (unsigned i = 0;; ++i) a.send_bytes(numbered(round, i));
    }
    unsigned next = 0;
    auto receive = [&, &b = b] { ASSERT_TRUE(b.recv_bytes({}, patience()) == numbered(round, next++)); };
    receive();
    a.close();
    for (unsigned i = 0; i < round; ++i) receive();
    ::kill(child, SIGKILL);
    bool ended = false;
    while (!ended && !HasFatalFailure()) {
      try {
        receive();
      } catch (const EndOfFile&) { ended = true; } catch (const DecodeError& error) {
        EXPECT_NE(std::string(error.what()).find("got end of file during message"), std::string::npos);
      }
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
  }
}

}  // namespace cohort::test
