// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills the sender, or the receiver, at every crash point that a pipe passes. The other one must see all that was sent
// and then the end, or a broken pipe; and nothing may be left in the family memory.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <vector>

#include "base/crash_point.hpp"
#include "crash/kill_rounds.hpp"
#include "crash/pipe_support.hpp"
#include "object/objects.hpp"

namespace cohort::testing {
namespace {

using family::Family;
using family::testing::Balance;
using family::testing::fork_child;
using family::testing::wait_for;
using family::testing::was_killed;

std::vector<std::string> pipe_points() {
  std::vector<std::string> points;
  for (const auto& name : crash_points())
    for (const char* part :
         {"pipe.", "lock.", "wake.", "put.", "take.", "add_segment.", "remove_segment.", "wait.", "destroy."})
      if (name.rfind(std::string("channel.") + part, 0) == 0) points.push_back(name);
  return points;
}

constexpr std::uint64_t kMessages = 600;

// Also makes and ends pipes of its own, so that those points are passed, too.
void send_all(Connection& to, PipeAccount& account) {
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    auto [mine, other] = Pipe();
    account.send(to, mine);
    if (i % 50 != 0) continue;
    mine.send(std::string(9000, 'x'));
    (void)other.recv<std::string>();
    mine.send_bytes(std::vector<std::byte>(9000));
    (void)other.recv_bytes();
    auto [third, fourth] = Pipe();
    mine.send(third);  // ends with the pipe, unread
    other.send(1);
  }
}

void receive_all(Connection& from, PipeAccount& account) {
  try {
    while (true) {
      account.receive(from);
      // Once in a while the sender finds the pipe full.
      if (account.received % 100 == 0) ::usleep(1000);
    }
  } catch (const EndOfFile&) {}
}

// A process that has one end; `ready` is written to when it has references of its own.
template <class F>
pid_t with_one_end(Connection& own, Connection& other, int ready, F body) {
  return fork_child([&] {
    other.close();
    (void)own.readable();
    if (::write(ready, "x", 1) != 1) ::_exit(98);
    body();
    own.close();
    Family::leave();
  });
}

class PipePoints : public ::testing::Test {
 protected:
  void SetUp() override {
    (void)Family::instance().self();
    {
      auto [a, b] = Pipe();
      auto [c, d] = Pipe();
      a.send(c);
    }
    family.sweep();
    before = Balance::of(family);
    ASSERT_EQ(::pipe(ready), 0);
  }
  void TearDown() override {
    account.remove();
    ::close(ready[0]);
    ::close(ready[1]);
  }

  struct End {
    int sender;
    int receiver;
  };
  End run(const std::string& point, int sender_dies_at, int receiver_dies_at, bool sweep) {
    account.clear();
    auto [from, to] = Pipe();
    pid_t sender = with_one_end(to, from, ready[1], [&, &to = to] {
      if (sender_dies_at != 0) arm_crash_point(point, sender_dies_at);
      try {
        send_all(to, account);
      } catch (const OsError& error) {
        if (error.code() != std::errc::broken_pipe) ++account.faults;
      }
    });
    pid_t receiver = with_one_end(from, to, ready[1], [&, &from = from] {
      if (receiver_dies_at != 0) arm_crash_point(point, receiver_dies_at);
      receive_all(from, account);
    });
    char bytes[2];
    for (std::size_t have = 0; have < 2;) {
      ssize_t n = ::read(ready[0], bytes, 2 - have);
      if (n > 0) have += static_cast<std::size_t>(n);
    }
    from.close();
    to.close();
    End end{};
    // Whoever is killed ends first. The other one is waited for while nobody but itself looks for the dead, or after we
    // have.
    pid_t first = sender_dies_at != 0 ? sender : receiver;
    int status = wait_for(first);
    (first == sender ? end.sender : end.receiver) = status;
    if (sweep) family.sweep();
    (first == sender ? end.receiver : end.sender) = wait_for(first == sender ? receiver : sender);
    family.sweep();
    return end;
  }

  void expect_nothing_left() {
    EXPECT_STREQ(family.validate(), nullptr);
    EXPECT_EQ(Balance::of(family), before);
    EXPECT_EQ(object::Objects(family).count(object::ObjectKind::connection), 0U);
    EXPECT_EQ(object::Objects(family).count(object::ObjectKind::pipe), 0U);
  }

  Family& family = Family::instance();
  PipeAccount& account = PipeAccount::make();
  Balance before{};
  int ready[2] = {-1, -1};
};

TEST_F(PipePoints, nobody_dies_and_everything_arrives) {
  End end = run("channel.pipe.put", 0, 0, true);
  EXPECT_EQ(end.sender, 0);
  EXPECT_EQ(end.receiver, 0);
  EXPECT_EQ(account.received, kMessages);
  EXPECT_EQ(account.faults, 0U);
  expect_nothing_left();
}

TEST_F(PipePoints, a_receiver_gets_all_whole_messages_of_a_killed_sender_and_then_the_end) {
  std::map<std::string, int> deaths;
  for_each_kill(pipe_points(), {1, 2, 7, 60}, [&](const std::string& point, int hit, int) {
    End end = run(point, hit, 0, true);
    deaths[point] += was_killed(end.sender) ? 1 : 0;
    EXPECT_TRUE(was_killed(end.sender) || end.sender == 0) << end.sender;
    EXPECT_EQ(end.receiver, 0);
    EXPECT_GE(account.received, account.sent);
    EXPECT_LE(account.received, account.begun);
    EXPECT_EQ(account.faults, 0U);
    expect_nothing_left();
  });
  for (auto& [point, count] : deaths) std::printf("%4d %s\n", count, point.c_str());
}

TEST_F(PipePoints, a_sender_sees_a_broken_pipe_when_the_receiver_is_killed) {
  std::map<std::string, int> deaths;
  for_each_kill(pipe_points(), {1, 5, 40}, [&](const std::string& point, int hit, int) {
    End end = run(point, 0, hit, true);
    deaths[point] += was_killed(end.receiver) ? 1 : 0;
    EXPECT_TRUE(was_killed(end.receiver) || end.receiver == 0) << end.receiver;
    EXPECT_EQ(end.sender, 0);
    EXPECT_EQ(account.faults, 0U);
    expect_nothing_left();
  });
  for (auto& [point, count] : deaths) std::printf("%4d %s\n", count, point.c_str());
}

// Nobody else is there to notice: those who wait must.
TEST_F(PipePoints, those_who_wait_notice_the_death_by_themselves) {
  End end = run("channel.pipe.put", 30, 0, false);
  EXPECT_TRUE(was_killed(end.sender));
  EXPECT_EQ(end.receiver, 0);
  EXPECT_EQ(account.received, account.begun);
  end = run("channel.pipe.taken", 0, 30, false);
  EXPECT_TRUE(was_killed(end.receiver));
  EXPECT_EQ(end.sender, 0);
  expect_nothing_left();
}

}  // namespace
}  // namespace cohort::testing
