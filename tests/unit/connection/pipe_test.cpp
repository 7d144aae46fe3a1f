// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/connection/pipe.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "cohort/wire/object.hpp"
#include "connection/connection_ring.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "support/scratch.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using test::patience;

std::vector<std::byte> bytes_of(std::string_view text) {
  auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

// Bytes that differ from place to place.
std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 131 + i / 4096);
  return bytes;
}

std::uint64_t live() {
  auto objects = object::Objects::instance();
  return objects.count(detail::ObjectKind::connection) + objects.count(detail::ObjectKind::pipe);
}

template <class E, class F>
int code_of(F&& f) {
  try {
    f();
  } catch (const E& error) { return error.code().value(); }
  return 0;
}

// Every case holds for both transports.
class PipeOver : public testing::TestWithParam<Transport> {
 protected:
  std::pair<Connection, Connection> make(bool duplex = true) const {
    return Pipe({.duplex = duplex, .transport = GetParam()});
  }
};
INSTANTIATE_TEST_SUITE_P(Each, PipeOver, testing::Values(Transport::memory, Transport::socket),
                         [](const auto& each) { return each.param == Transport::memory ? "memory" : "socket"; });

TEST_P(PipeOver, carries_values_of_many_types_both_ways_in_order) {
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
  b.send(7L);
  EXPECT_EQ(a.recv<long>(patience()), 7L);
}

TEST_P(PipeOver, keeps_the_boundaries_of_messages_the_empty_one_too) {
  auto [a, b] = make();
  for (const char* text : {"", "hello", "", "goodbye", ""}) a.send_bytes(bytes_of(text));
  for (const char* text : {"", "hello", "", "goodbye", ""}) {
    EXPECT_TRUE(b.poll());
    EXPECT_TRUE(b.poll()) << "a look takes nothing";
    EXPECT_EQ(b.recv_bytes({}, patience()), bytes_of(text));
  }
  EXPECT_FALSE(b.poll());
}

TEST_P(PipeOver, sends_any_part_of_a_buffer_and_refuses_what_lies_beyond) {
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

TEST_P(PipeOver, receives_into_a_buffer_and_gives_the_message_when_that_is_too_short) {
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

TEST_P(PipeOver, leaves_a_message_that_is_longer_than_wanted_where_it_is) {
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

TEST_P(PipeOver, carries_messages_of_all_sizes_whole) {
  auto [a, b] = make();
  std::vector<std::size_t> sizes{1, 7, 8, 9, 4096, 8191, 8192, 8193, 16384, 16385, 65536, 1 << 20, (16 << 20) + 3};
  std::thread sender([&, &a = a] {
    for (std::size_t size : sizes) a.send_bytes(pattern(size));
  });
  for (std::size_t size : sizes) EXPECT_TRUE(b.recv_bytes({}, patience()) == pattern(size)) << size;
  sender.join();
}

TEST_P(PipeOver, gives_all_that_was_sent_and_then_the_end_of_file) {
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

TEST_P(PipeOver, wakes_a_receiver_when_the_other_end_is_closed) {
  auto [a, b] = make();
  std::thread closer([&, &a = a] { a.close(); });
  EXPECT_THROW((void)b.recv<int>(patience()), EndOfFile);
  closer.join();
}

TEST_P(PipeOver, tells_a_sender_that_the_other_end_is_closed_without_a_signal) {
  auto [a, b] = make();
  b.close();
  EXPECT_EQ(code_of<OsError>([&, &a = a] { a.send(1); }), EPIPE);
  EXPECT_EQ(code_of<OsError>([&, &a = a] { a.send_bytes(pattern(100000)); }), EPIPE);
}

TEST_P(PipeOver, goes_one_way_when_told_so) {
  auto [reader, writer] = make(false);
  EXPECT_TRUE(reader.readable());
  EXPECT_FALSE(reader.writable());
  EXPECT_FALSE(writer.readable());
  EXPECT_TRUE(writer.writable());
  writer.send(5);
  EXPECT_EQ(reader.recv<int>(), 5);
  EXPECT_THROW(reader.send(1), StateError);
  EXPECT_THROW((void)writer.recv<int>(), StateError);
  EXPECT_THROW((void)writer.recv_bytes(), StateError);
  EXPECT_THROW((void)writer.poll(), StateError);
  reader.close();
  EXPECT_EQ(code_of<OsError>([&, &writer = writer] { writer.send(1); }), EPIPE);
}

TEST_P(PipeOver, throws_when_used_after_close_or_move) {
  auto [a, b] = make();
  Connection copy = a;
  EXPECT_TRUE(copy == a);
  EXPECT_FALSE(a == b);
  EXPECT_FALSE(a.closed());
  copy.close();
  copy.close();
  EXPECT_TRUE(a.closed()) << "all handles of this process are closed at once";
  EXPECT_THROW(a.send(1), ClosedError);
  EXPECT_THROW((void)a.recv<int>(), ClosedError);
  EXPECT_THROW((void)a.poll(), ClosedError);
  EXPECT_THROW((void)a.fileno(), ClosedError);
  Connection moved = std::move(b);
  EXPECT_TRUE(b.is_null());
  EXPECT_TRUE(b.closed());
  EXPECT_THROW(b.send(1), ClosedError);
  b.close();
  EXPECT_THROW((void)moved.recv<int>(), EndOfFile);
}

TEST_P(PipeOver, gives_up_at_the_deadline_and_on_a_stop) {
  auto [a, b] = make();
  EXPECT_EQ(b.try_recv<int>(), std::nullopt);
  EXPECT_EQ(b.try_recv<int>(5ms), std::nullopt);
  EXPECT_THROW((void)b.recv<int>(5ms), TimeoutError);
  EXPECT_FALSE(b.poll(5ms));
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(b.try_recv<int>(Deadline::never(), stop.get_token()), std::nullopt);
  stopper.join();
  EXPECT_FALSE(b.poll(Deadline::never(), stop.get_token()));
  a.send(3);
  EXPECT_EQ(b.try_recv<int>(Deadline::never(), stop.get_token()).value_or(3), 3);
}

TEST_P(PipeOver, ends_a_wait_of_another_thread_when_it_is_closed) {
  auto [a, b] = make();
  std::thread closer([&, &b = b] { b.close(); });
  EXPECT_THROW((void)b.recv<int>(patience()), ClosedError);
  closer.join();
  EXPECT_EQ(code_of<OsError>([&, &a = a] { a.send(1); }), EPIPE) << "the end went with its last call";
}

TEST_P(PipeOver, makes_a_sender_wait_while_nobody_receives) {
  auto [a, b] = make();
  std::size_t sent = 0;
  auto kib = pattern(1024);
  while (a.try_send_bytes(kib)) ASSERT_LT(++sent, 100000U);
  EXPECT_GE(sent, 16U);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(a.try_send_bytes(kib, Deadline::never(), stop.get_token()));
  EXPECT_THROW(a.send_bytes(kib, 0, {}, 5ms), TimeoutError);
  std::thread sender([&, &a = a] {
    for (int i = 0; i < 100; ++i) a.send(i);
  });
  for (std::size_t i = 0; i < sent; ++i) ASSERT_EQ(b.recv_bytes({}, patience()), kib);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(b.recv<int>(patience()), i);
  sender.join();
}

TEST_P(PipeOver, refuses_a_message_of_another_form_and_goes_on) {
  auto [a, b] = make();
  a.send_bytes(bytes_of("xyz"));
  a.send(1);
  EXPECT_THROW((void)b.recv<std::string>(), DecodeError);
  EXPECT_EQ(b.recv<int>(), 1);
}

TEST_P(PipeOver, gives_each_message_to_one_of_several_threads) {
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

TEST_P(PipeOver, sees_the_end_of_file_when_the_process_at_the_other_end_is_killed) {
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

TEST_P(PipeOver, frees_a_sender_that_waits_for_a_process_that_is_killed) {
  auto [a, b] = make();
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(50);
    a.close();
    b.send(1);
    ::pause();
    ::_exit(0);
  }
  EXPECT_EQ(a.recv<int>(patience()), 1);
  b.close();
  while (a.try_send_bytes(pattern(1024))) {}
  ::kill(child, SIGKILL);
  EXPECT_EQ(code_of<OsError>([&, &a = a] { a.send_bytes(pattern(1024), 0, {}, patience()); }), EPIPE);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
}

// ---- in memory only --------------------------------------------------------------------------------------------------

TEST(Pipe, leaves_nothing_behind) {
  { auto first = Pipe(); }  // this process's list of references stays
  std::uint64_t before = live();
  auto memory = family::Family::instance().statistics().in_use.count;
  {
    auto [a, b] = Pipe();
    a.send(1);
    a.send_bytes(pattern(100000));
    b.send_bytes(pattern(10));
    EXPECT_EQ(live(), before + 3);
    a.close();
    EXPECT_EQ(live(), before + 2);
  }
  EXPECT_EQ(live(), before);
  EXPECT_EQ(family::Family::instance().statistics().in_use.count, memory);
}

TEST(Pipe, carries_connections_and_keeps_them_on_their_way) {
  std::uint64_t before = live();
  {
    auto [a, b] = Pipe();
    {
      auto [c, d] = Pipe();
      a.send(c);
      c.close();
      a.send(std::vector<Connection>{d, d});
    }
    EXPECT_EQ(live(), before + 6);
    auto c = b.recv<Connection>();
    auto both = b.recv<std::vector<Connection>>();
    c.send("through");
    EXPECT_EQ(both.at(1).recv<std::string>(), "through");
    a.send(c);  // never received
  }
  EXPECT_EQ(live(), before);
}

TEST(Pipe, drops_what_nobody_can_receive_any_more) {
  auto [a, b] = Pipe();
  {
    auto [c, d] = Pipe();
    a.send(c);
    c.close();
    b.close();
    EXPECT_THROW(a.send(1), OsError);
    EXPECT_THROW((void)d.recv<int>(patience()), EndOfFile);
  }
}

TEST(Pipe, refuses_to_send_closed_and_null_connections_and_those_over_descriptors) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe();
  c.close();
  EXPECT_THROW(a.send(c), ClosedError);
  EXPECT_THROW(a.send(Connection::null()), EncodeError);
  EXPECT_THROW(a.send(b), EncodeError) << "it would keep itself open";
  auto [e, f] = Pipe({.transport = Transport::socket});
  EXPECT_THROW(a.send(e), EncodeError);
  EXPECT_THROW(e.send(a), EncodeError);
  EXPECT_FALSE(b.poll());
  EXPECT_FALSE(f.poll());
}

TEST(Pipe, carries_no_descriptors_in_memory) {
  auto [a, b] = Pipe();
  EXPECT_THROW(a.send_handle(0), StateError);
  EXPECT_THROW((void)a.recv_handle(), StateError);
}

TEST(Pipe, opens_again_with_a_handle_that_arrives_after_the_close) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe();
  a.send(c);
  c.close();
  auto again = b.recv<Connection>();
  EXPECT_TRUE(c.closed());
  EXPECT_FALSE(again.closed());
  again.send(1);
  EXPECT_EQ(d.recv<int>(), 1);
}

TEST(Pipe, finds_room_for_any_message_when_it_is_empty_and_not_when_it_is_not) {
  auto [a, b] = Pipe({.capacity = Bytes(4096)});
  EXPECT_TRUE(a.try_send_bytes(pattern(1 << 20)));
  EXPECT_FALSE(a.try_send_bytes(pattern(1)));
  EXPECT_EQ(b.recv_bytes().size(), std::size_t{1} << 20);
  EXPECT_TRUE(a.try_send_bytes(pattern(1)));
}

TEST(Pipe, is_not_full_for_ever_when_a_sender_died_after_it_had_counted_its_message) {
  auto [a, b] = Pipe();
  {
    connection::EndUse use(a.ring_end(), "test");
    use.pipe().sending[1].given += 1 << 20;
  }
  EXPECT_TRUE(a.try_send_bytes(pattern(1)));
  EXPECT_EQ(b.recv_bytes().size(), 1U);
}

TEST(Pipe, reports_a_record_that_something_wrote_over) {
  auto [a, b] = Pipe();
  a.send(1);
  {
    connection::EndUse use(b.ring_end(), "test");
    auto& ring = use.pipe().ring[1];
    auto* segment = family::Family::instance().address(ring.out.segment, 4096);
    std::memset(segment + sizeof(ring::Segment), 0xff, 64);
  }
  EXPECT_THROW((void)b.recv<int>(), StateError);
  EXPECT_TRUE(b.poll());
}

TEST(Pipe, has_no_room_in_a_full_family_and_says_so) {
  auto [a, b] = Pipe();
  std::vector<std::byte> large;
  EXPECT_THROW(a.send_bytes(std::span<const std::byte>(reinterpret_cast<std::byte*>(&large), std::size_t{1} << 45)),
               Error);
  a.send(1);
  EXPECT_EQ(b.recv<int>(), 1);
}

}  // namespace
}  // namespace cohort
