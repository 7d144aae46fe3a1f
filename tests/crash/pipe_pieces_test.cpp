// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Stops and kills senders and receivers of messages that go through a pipe in pieces: at each crash point on their way,
// at each of the first pieces. What follows a cut message must arrive, and nothing may be left in the family memory.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/connection/pipe.hpp"
#include "crash/family_support.hpp"
#include "crash/kill_rounds.hpp"
#include "support/pieces.hpp"

namespace cohort::testing {
namespace {

using namespace std::chrono_literals;
using family::Family;
using family::testing::Balance;
using family::testing::fork_child;
using family::testing::wait_for;
using family::testing::was_killed;

constexpr std::size_t kMessage = 10'000;

class PipePieces : public ::testing::Test {
 protected:
  void SetUp() override {
    (void)Family::instance().self();
    { auto [a, b] = Pipe(); }
    family.sweep();
    before = Balance::of(family);
  }
  void expect_nothing_left() {
    family.sweep();
    EXPECT_STREQ(family.validate(), nullptr);
    EXPECT_EQ(Balance::of(family), before);
  }
  Family& family = Family::instance();
  Balance before{};
};

int passes = 0;
void stop_at_the_third_piece(const char* name) noexcept {
  if (std::string_view(name) == "channel.pieces.put" && ++passes == 3) ::raise(SIGSTOP);
}

// A process that is stopped when it has sent three pieces of ten.
pid_t stopped_sender(Connection& from, Connection& to, const Bytes& message) {
  pid_t pid = ::fork();
  if (pid == 0) {
    from.close();
    watch_crash_points(&stop_at_the_third_piece);
    try {
      to.send_bytes(message);
    } catch (...) { ::_exit(1); }
    to.close();
    family::Family::leave();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, WUNTRACED), pid);
  EXPECT_TRUE(WIFSTOPPED(status));
  return pid;
}

TEST_F(PipePieces, are_kept_when_a_receiver_gives_up_and_the_next_receive_goes_on) {
  auto [from, to] = Pipe(false);
  cut_into(to, 1000);
  Bytes message = pattern(10'000, 3);
  pid_t sender = stopped_sender(from, to, message);
  Bytes buffer(10'000);
  EXPECT_THROW((void)from.recv_bytes_into(buffer, 0, 30ms), TimeoutError);
  EXPECT_FALSE(from.try_recv_bytes());
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(from.try_recv_bytes({stop.get_token(), 10s}));
  stopper.join();
  EXPECT_THROW((void)from.recv_bytes(5'000, 10ms), OsError) << "it is still larger than that";
  ::kill(sender, SIGCONT);
  EXPECT_TRUE(from.recv_bytes({}, 20s) == message);
  int status = 0;
  EXPECT_EQ(::waitpid(sender, &status, 0), sender);
  EXPECT_EQ(status, 0);
}

TEST_F(PipePieces, are_dropped_when_their_sender_dies_and_what_was_sent_afterwards_comes) {
  {
    auto [from, to] = Pipe(false);
    cut_into(to, 1000);
    pid_t sender = stopped_sender(from, to, pattern(10'000, 3));
    EXPECT_THROW((void)from.recv_bytes({}, 30ms), TimeoutError);
    ::kill(sender, SIGKILL);
    ::waitpid(sender, nullptr, 0);
    EXPECT_FALSE(from.try_recv_bytes(300ms));
    Bytes next = pattern(7'000, 4);
    to.send_bytes(next);
    EXPECT_TRUE(from.recv_bytes({}, 20s) == next);
  }
  expect_nothing_left();
}

// Dies while it keeps what it has received, or goes on with what somebody has kept.
TEST_F(PipePieces, a_receiver_that_dies_while_it_gives_up_leaves_the_message_or_takes_it_with_it) {
  const std::map<std::string, bool> is_lost = {{"channel.pieces.kept", true},
                                               {"channel.pieces.begun_named", false},
                                               {"channel.pieces.begun_given", false},
                                               {"channel.pieces.begun_owned", false},
                                               {"channel.pieces.begun_forgotten", true}};
  std::vector<std::string> points;
  for (const auto& [point, lost] : is_lost) points.push_back(point);
  int turn = 0;
  for_each_kill(points, {1, 1}, [&](const std::string& point, int, int) {
    const bool sweep = ++turn % 2 == 0;
    {
      auto [from, to] = Pipe(false);
      cut_into(to, 1000);
      Bytes first = pattern(kMessage, 1), second = pattern(kMessage, 2);
      pid_t sender = stopped_sender(from, to, first);
      pid_t receiver = fork_child([&, &from = from] {
        (void)from.readable();
        arm_crash_point(point);
        for (int i = 0; i < 2; ++i) (void)from.try_recv_bytes(1ms);
      });
      EXPECT_TRUE(was_killed(wait_for(receiver)));
      if (sweep) family.sweep();
      ::kill(sender, SIGCONT);
      EXPECT_EQ(wait_for(sender), 0);
      to.send_bytes(second);
      if (!is_lost.at(point)) { EXPECT_TRUE(from.recv_bytes({}, 20s) == first); }
      EXPECT_TRUE(from.recv_bytes({}, 20s) == second);
    }
    expect_nothing_left();
  });
}

std::vector<std::string> piece_points() {
  std::vector<std::string> points;
  for (const auto& name : crash_points())
    for (const char* part : {"pieces.", "put.block", "take.block", "lock.", "wake.", "wait.", "add_segment."})
      if (name.rfind(std::string("channel.") + part, 0) == 0) points.push_back(name);
  return points;
}

// The others of the same pipe go on: the next message that is sent after the death is the next one received, or, where
// the dead one's message was whole, the one after it.
TEST_F(PipePieces, a_sender_that_is_killed_takes_its_message_with_it_and_nothing_else) {
  std::map<std::string, int> deaths;
  for_each_kill(piece_points(), {1, 3}, [&](const std::string& point, int hit, int) {
    {
      auto [from, to] = Pipe(false);
      cut_into(to, 1000);
      Bytes first = pattern(kMessage, 1), second = pattern(kMessage, 2), small = pattern(10, 3);
      Bytes got;
      pid_t sender = fork_child([&, &from = from, &to = to] {
        from.close();
        arm_crash_point(point, hit);
        to.send_bytes(first);
        to.close();
        Family::leave();
      });
      // Received while it is sent, with a short breath, so that the receiver waits within the message too.
      std::optional<Bytes> received = from.try_recv_bytes(200ms);
      deaths[point] += was_killed(wait_for(sender)) ? 1 : 0;
      to.send_bytes(second);
      to.send_bytes(small);
      if (!received) received = from.try_recv_bytes(20s);
      ASSERT_TRUE(received);
      if (*received == first) received = from.try_recv_bytes(20s);
      ASSERT_TRUE(received);
      EXPECT_TRUE(*received == second);
      EXPECT_TRUE(from.recv_bytes({}, 20s) == small);
    }
    expect_nothing_left();
  });
  for (auto& [point, count] : deaths) std::printf("%4d %s\n", count, point.c_str());
}

TEST_F(PipePieces, a_receiver_that_is_killed_takes_its_message_with_it_and_nothing_else) {
  std::map<std::string, int> deaths;
  for_each_kill(piece_points(), {1, 3}, [&](const std::string& point, int hit, int) {
    {
      auto [from, to] = Pipe(false);
      cut_into(to, 1000);
      Bytes first = pattern(kMessage, 1), second = pattern(kMessage, 2);
      pid_t receiver = fork_child([&, &from = from, &to = to] {
        to.close();
        (void)from.readable();
        arm_crash_point(point, hit);
        // Gives up within the message, and goes on with it.
        Bytes buffer(kMessage);
        for (bool done = false; !done;) {
          auto message = from.try_recv_bytes(5ms);
          done = message.has_value();
        }
        from.close();
        Family::leave();
      });
      pid_t sender = fork_child([&, &from = from, &to = to] {
        from.close();
        watch_crash_points([](const char* name) noexcept {
          if (std::string_view(name) == "channel.pieces.put") ::usleep(200);
        });
        to.send_bytes(first);
        to.close();
        Family::leave();
      });
      deaths[point] += was_killed(wait_for(receiver)) ? 1 : 0;
      EXPECT_EQ(wait_for(sender), 0);
      to.send_bytes(second);
      auto received = from.try_recv_bytes(20s);
      ASSERT_TRUE(received);
      // Killed before it had taken anything, it left the first one.
      if (*received == first) received = from.try_recv_bytes(20s);
      ASSERT_TRUE(received);
      EXPECT_TRUE(*received == second);
      EXPECT_FALSE(from.poll());
    }
    expect_nothing_left();
  });
  for (auto& [point, count] : deaths) std::printf("%4d %s\n", count, point.c_str());
}

}  // namespace
}  // namespace cohort::testing
