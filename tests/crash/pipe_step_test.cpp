// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process after each single instruction of what it does with a pipe, and asserts that the other end sees whole
// messages and then the end, and that no byte of the family memory is lost.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <vector>

#include "crash/pipe_support.hpp"
#include "crash/single_step.hpp"
#include "object/objects.hpp"
#include "support/pieces.hpp"

namespace cohort::testing {
namespace {

using namespace std::chrono_literals;
using family::Family;
using family::testing::Balance;

using Blob = std::vector<std::byte>;

class PipeStep : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
    (void)Family::instance().self();
    {
      auto [a, b] = Pipe();
      auto [c, d] = Pipe();
      a.send(c);
      b.send_bytes(Blob(20000));
    }
    family.sweep();
    before = Balance::of(family);
  }

  struct Case {
    const char* name;
    std::function<void(Connection& own, Connection& handle)> operation;
    /// Messages that lie ready for it.
    std::vector<std::size_t> incoming;
    std::size_t taken = 0;              ///< how many of them it takes
    std::vector<std::size_t> outgoing;  ///< sizes of what it sends, in order
    std::uint64_t piece = 1 << 20;      ///< bytes; messages of more than two go in pieces
  };

  // The victim has the second end, we the first.
  void one(const Case& c, Steps& steps) {
    {
      auto [here, there] = Pipe();
      auto [handle, other] = Pipe();
      cut_into(here, c.piece);
      for (std::size_t size : c.incoming) here.send_bytes(Blob(size, static_cast<std::byte>(size)));
      steps.kill(
          [&, &here = here, &there = there, &handle = handle] {
            here.close();
            (void)handle.readable();
            // Tables of its own, before the steps are counted.
            there.send_bytes(Blob(1));
            auto [a, b] = Pipe();
            a.send(handle);
            (void)b.recv<Connection>();
          },
          [&, &there = there, &handle = handle] { c.operation(there, handle); });
      family.sweep();
      expect_whole(c, here, there);
    }
    family.sweep();
    EXPECT_STREQ(family.validate(), nullptr);
    EXPECT_EQ(Balance::of(family), before);
    EXPECT_EQ(object::Objects(family).count(object::ObjectKind::pipe), 0U);
    EXPECT_EQ(object::Objects(family).count(object::ObjectKind::connection), 0U);
  }

  void expect_whole(const Case& c, Connection& here, Connection& there) {
    // What it sent: whole messages, in order, none skipped.
    EXPECT_EQ(here.recv_bytes({}, 10s).size(), 1U);
    std::size_t sent = 0;
    while (auto message = here.try_recv_bytes()) {
      ASSERT_LT(sent, c.outgoing.size());
      if (c.outgoing[sent] != 0) {
        EXPECT_EQ(message->size(), c.outgoing[sent]);
        EXPECT_EQ(*message, Blob(message->size(), static_cast<std::byte>(message->size())));
      }
      ++sent;
    }
    // What it did not take is in its place.
    std::size_t left = 0;
    while (auto message = there.try_recv_bytes()) {
      ++left;
      EXPECT_EQ(*message, Blob(message->size(), static_cast<std::byte>(message->size()))) << "half of a message";
    }
    EXPECT_LE(left, c.incoming.size());
    EXPECT_GE(left, c.incoming.size() - c.taken);
    // The pipe goes on, both ways.
    here.send(1);
    EXPECT_EQ(there.recv<int>(10s), 1);
    there.send(std::string(20000, 'x'));
    EXPECT_EQ(here.recv<std::string>(10s).size(), 20000U);
    there.close();
    EXPECT_THROW((void)here.recv<int>(10s), EndOfFile);
    EXPECT_THROW(here.send(1), OsError);
  }

  void kill_everywhere(const Case& c) {
    Steps steps(c.name, 1);
    while (steps.go_on()) {
      SCOPED_TRACE(steps.place());
      one(c, steps);
    }
    EXPECT_GT(steps.kills(), 20);
  }

  Family& family = Family::instance();
  Balance before{};
};

const Blob kSmall(8, std::byte{8});
const Blob kLarge(8200, static_cast<std::byte>(8200 & 0xff));

TEST_F(PipeStep, sending_a_small_message) {
  kill_everywhere({.name = "send_bytes, 8 bytes",
                   .operation = [](Connection& own, Connection&) { own.send_bytes(kSmall); },
                   .incoming = {},
                   .outgoing = {8}});
}

TEST_F(PipeStep, sending_a_message_in_a_block) {
  kill_everywhere({.name = "send_bytes, 8200 bytes",
                   .operation = [](Connection& own, Connection&) { own.send_bytes(kLarge); },
                   .incoming = {},
                   .outgoing = {8200}});
}

TEST_F(PipeStep, sending_a_handle) {
  kill_everywhere({.name = "send, a connection",
                   .operation = [](Connection& own, Connection& handle) { own.send(handle); },
                   .incoming = {},
                   .outgoing = {0}});
}

TEST_F(PipeStep, receiving_a_small_message) {
  kill_everywhere({.name = "recv_bytes_into, 8 bytes",
                   .operation =
                       [](Connection& own, Connection&) {
                         std::byte buffer[64];
                         (void)own.recv_bytes_into(buffer);
                       },
                   .incoming = {8, 8, 8200},
                   .taken = 1,
                   .outgoing = {}});
}

TEST_F(PipeStep, receiving_a_message_in_a_block) {
  kill_everywhere({.name = "recv_bytes, 8200 bytes",
                   .operation = [](Connection& own, Connection&) { (void)own.recv_bytes(); },
                   .incoming = {8200, 8},
                   .taken = 1,
                   .outgoing = {}});
}

TEST_F(PipeStep, sending_a_message_in_pieces) {
  kill_everywhere({.name = "send_bytes, 8200 bytes in 3 pieces",
                   .operation = [](Connection& own, Connection&) { own.send_bytes(kLarge); },
                   .incoming = {},
                   .outgoing = {8200},
                   .piece = 3000});
}

TEST_F(PipeStep, receiving_a_message_in_pieces) {
  kill_everywhere({.name = "recv_bytes_into, 8200 bytes in 3 pieces",
                   .operation =
                       [](Connection& own, Connection&) {
                         static std::byte buffer[9000];
                         (void)own.recv_bytes_into(buffer);
                       },
                   .incoming = {8200, 8},
                   .taken = 1,
                   .outgoing = {},
                   .piece = 3000});
}

TEST_F(PipeStep, making_using_and_ending_a_pipe) {
  kill_everywhere({.name = "Pipe, send, close",
                   .operation =
                       [](Connection& own, Connection& handle) {
                         auto [a, b] = Pipe();
                         a.send(handle);
                         own.close();
                         b.close();
                       },
                   .incoming = {8},
                   .outgoing = {}});
}

}  // namespace
}  // namespace cohort::testing
