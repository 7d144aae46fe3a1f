// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/lane.hpp"

#include <gtest/gtest.h>

#include "cohort/connection/pipe.hpp"
#include "support/pipe_body.hpp"

namespace cohort::connection {
namespace {

TEST(Lane, is_one_direction_of_a_pipe) {
  auto [a, b] = Pipe();
  PipeBody& pipe = test::pipe_of(a);
  Lane to_b(pipe, 1);
  Lane to_a(pipe, 0);
  EXPECT_FALSE(to_b.has_records());
  a.send(1);
  EXPECT_TRUE(to_b.has_records());
  EXPECT_TRUE(to_b.can_receive());
  EXPECT_FALSE(to_a.can_receive());
  EXPECT_EQ(to_b.to(), 1U);
}

TEST(Lane, counts_the_bytes_under_way_in_the_ring_and_in_blocks) {
  auto [a, b] = Pipe();
  Lane lane(test::pipe_of(a), 1);
  EXPECT_EQ(lane.bytes_under_way(), 0U);
  a.send_bytes(std::vector<std::byte>(100));
  EXPECT_GE(lane.bytes_under_way(), 100U);
  EXPECT_LT(lane.bytes_under_way(), 200U);
  a.send_bytes(std::vector<std::byte>(20'000));
  EXPECT_GE(lane.bytes_under_way(), 20'100U);
  (void)b.recv_bytes();
  (void)b.recv_bytes();
  EXPECT_EQ(lane.bytes_under_way(), 0U);
}

TEST(Lane, has_space_until_the_capacity_is_under_way_and_forgets_what_the_dead_left_counted) {
  auto [a, b] = Pipe({.capacity = Bytes(4096)});
  Lane lane(test::pipe_of(a), 1);
  EXPECT_TRUE(lane.send_space());
  a.send_bytes(std::vector<std::byte>(10'000));
  EXPECT_FALSE(lane.send_space());
  (void)b.recv_bytes();
  EXPECT_TRUE(lane.send_space());
  lane.count_given(1 << 20);
  EXPECT_EQ(lane.bytes_under_way(), std::uint64_t{1} << 20);
  EXPECT_TRUE(lane.send_space()) << "nothing lies in the ring";
  EXPECT_EQ(lane.bytes_under_way(), 0U);
}

TEST(Lane, knows_which_of_its_ends_is_closed) {
  auto [a, b] = Pipe();
  auto [c, d] = Pipe();
  Lane lane(test::pipe_of(b), 1);
  EXPECT_FALSE(lane.sender_closed());
  a.close();
  EXPECT_TRUE(lane.sender_closed());
  EXPECT_FALSE(lane.receiver_closed());
  EXPECT_TRUE(lane.can_receive()) << "the end of file";
}

}  // namespace
}  // namespace cohort::connection
