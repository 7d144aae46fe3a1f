// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "connection/message_pieces.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "cohort/connection/pipe.hpp"
#include "family/family.hpp"
#include "support/pieces.hpp"

namespace cohort::connection {
namespace {

using namespace std::chrono_literals;
using cohort::testing::Bytes;
using cohort::testing::cut_into;
using cohort::testing::pattern;

std::uint64_t blocks_in_use() { return family::Family::instance().statistics().blocks; }

TEST(MessagePieces, messages_on_both_sides_of_the_threshold_arrive_whole_without_a_receiver_meanwhile) {
  auto [from, to] = Pipe(false);
  for (std::size_t size : {2 * kPiece - 1, 2 * kPiece, 2 * kPiece + 1, 3 * kPiece, 5 * kPiece + 12345, 64 * kPiece}) {
    Bytes sent = pattern(size, static_cast<unsigned>(size));
    to.send_bytes(sent);
    EXPECT_TRUE(from.poll());
    EXPECT_TRUE(from.recv_bytes({}, 10s) == sent) << size;
    EXPECT_FALSE(from.poll());
  }
}

TEST(MessagePieces, are_received_in_each_way_that_a_message_is) {
  auto [from, to] = Pipe(false);
  cut_into(to, 1000);
  Bytes sent = pattern(10'500, 7);
  Bytes buffer(12'000);
  to.send_bytes(sent);
  EXPECT_EQ(from.recv_bytes_into(buffer, 100, 10s), sent.size());
  EXPECT_TRUE(std::equal(sent.begin(), sent.end(), buffer.begin() + 100));
  to.send_bytes(sent);
  EXPECT_TRUE(from.try_recv_bytes() == sent);
  // What a codec wrote, as somebody else may have done.
  VectorEncoder encoder;
  Codec<std::string>::encode(encoder, std::string(20'000, 'x'));
  to.send_bytes(encoder.bytes());
  EXPECT_EQ(from.recv<std::string>(10s), std::string(20'000, 'x'));
}

TEST(MessagePieces, stay_when_they_are_more_than_the_caller_wants) {
  auto [from, to] = Pipe(false);
  cut_into(to, 1000);
  Bytes sent = pattern(9'000, 1);
  to.send_bytes(sent);
  EXPECT_THROW((void)from.recv_bytes(8'999), OsError);
  EXPECT_TRUE(from.recv_bytes(9'000) == sent);
  to.send_bytes(sent);
  Bytes small(100);
  try {
    (void)from.recv_bytes_into(small);
    FAIL() << "there was no room";
  } catch (const OversizedMessage& error) { EXPECT_TRUE(error.message() == sent); }
}

TEST(MessagePieces, of_two_senders_are_not_mixed) {
  auto [from, to] = Pipe(false);
  cut_into(to, 3'000);
  auto send = [&to = to](unsigned seed) {
    for (int i = 0; i < 200; ++i) {
      std::size_t size = i % 3 == 0 ? 100 : 40'000 + static_cast<std::size_t>(i);
      Bytes message = pattern(size, seed);
      message[0] = static_cast<std::byte>(seed);
      to.send_bytes(message);
    }
  };
  std::thread a(send, 1), b(send, 2);
  auto receive = [&from = from] {
    int faults = 0;
    for (int i = 0; i < 200; ++i) {
      Bytes got = from.recv_bytes({}, 20s);
      Bytes expected = pattern(got.size(), static_cast<unsigned>(got[0]));
      expected[0] = got[0];
      faults += got != expected;
    }
    EXPECT_EQ(faults, 0);
  };
  std::thread c(receive), d(receive);
  for (auto* thread : {&a, &b, &c, &d}) thread->join();
}

TEST(MessagePieces, are_freed_with_a_pipe_that_nobody_reads) {
  { auto first = Pipe(); }
  std::uint64_t before = blocks_in_use();
  {
    auto [from, to] = Pipe(false);
    to.send_bytes(pattern(5 * kPiece, 1));
  }
  EXPECT_EQ(blocks_in_use(), before);
}

}  // namespace
}  // namespace cohort::connection
