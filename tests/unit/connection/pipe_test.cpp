// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/connection/pipe.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "family/family.hpp"
#include "object/objects.hpp"
#include "support/pipe_body.hpp"
#include "support/scratch.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;
using test::patience;

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
  EXPECT_THROW(a.send(Connection(null_handle)), EncodeError);
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
  test::pipe_of(a).sending[1].given += 1 << 20;
  EXPECT_TRUE(a.try_send_bytes(pattern(1)));
  EXPECT_EQ(b.recv_bytes().size(), 1U);
}

TEST(Pipe, reports_a_record_that_something_wrote_over) {
  auto [a, b] = Pipe();
  a.send(1);
  {
    auto& ring = test::pipe_of(b).ring[1];
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
