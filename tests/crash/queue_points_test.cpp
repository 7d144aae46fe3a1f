// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process at every crash point of the queues, again and again, beside a process that uses the same queues, and
// asserts that no item is lost but the victim's own, that none comes twice, and that no byte is left.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/crash_point.hpp"
#include "crash/kill_rounds.hpp"
#include "crash/queue_support.hpp"
#include "object/handle_access.hpp"
#include "ring/layout.hpp"
#include "ring/side_lock.hpp"

namespace cohort::testing {
namespace {

using namespace std::chrono_literals;
using family::Family;
using family::testing::Balance;
using family::testing::fork_child;
using family::testing::wait_for;
using family::testing::was_killed;

// Points of connections are killed at in their own test.
std::vector<std::string> queue_points() {
  std::vector<std::string> points;
  for (const auto& name : crash_points())
    for (const char* part : {"lock.", "wake.", "put.", "put_plain.", "take.", "take_plain.", "add_segment.",
                             "remove_segment.", "repair_in.", "repair_out.", "repair_leases.", "wait.", "end_lease.",
                             "take_lease.", "task_done.", "return_leases.", "join."})
      if (name.rfind(std::string("channel.") + part, 0) == 0) points.push_back(name);
  return points;
}

// A round of everything, so that each point is passed, most of them several times.
void use_all(Queues& queues, Account& account) {
  for (int i = 0; i < 1500; ++i) put_cell(queues.cells, account);  // grows
  for (int i = 0; i < 1480; ++i)
    if (auto cell = queues.cells.try_get()) account.got(cell->id());
  for (std::size_t size : {10u, 9000u, 30000u}) put_text(queues.texts, account, size);
  for (int i = 0; i < 3; ++i)
    if (auto text = queues.texts.try_get()) account.got(id_of(*text));
  for (int i = 0; i < 2; ++i) put_handle(queues, account);
  if (auto item = queues.handles.try_get()) account.got(item->first);
  put_loan(queues, account, 2000);
  if (!queues.vectors.empty()) {
    try {
      account.got(queues.vectors.get_loan(0s).items()[0]);
    } catch (const Empty&) {  // the other one took it
    }
  }
  for (std::size_t size : {10u, 20000u}) put_text(queues.jobs, account, size);
  for (int i = 0; i < 2; ++i) {
    if (auto text = queues.jobs.try_get()) {
      account.got(id_of(*text));
      queues.jobs.task_done();
    }
  }
  (void)queues.jobs.join(1ms);
  // Full and empty, with others waiting.
  for (int i = 0; i < 20; ++i) {
    auto id = account.begin();
    if (queues.bounded.try_put(Cell::of(id), 1ms)) account.done(id);
    if (i % 4 != 3) continue;
    for (int k = 0; k < 4; ++k)
      if (auto cell = queues.bounded.try_get(1ms)) account.got(cell->id());
  }
}

// Counts what is put and taken, but the victim's last items, which nobody can count.
constexpr std::uint64_t kMayBeLost = 1;

// What lies in the queues when the round begins: nothing, a full one, a segment about to be left, items in blocks.
void begin_round(Queues& queues, Account& account, int round) {
  if (round % 4 == 1)
    for (int i = 0; i < 4; ++i) put_cell(queues.bounded, account);
  if (round % 4 == 2)
    for (int i = 0; i < 900; ++i) put_cell(queues.cells, account);
  if (round % 4 != 3) return;
  for (int i = 0; i < 3; ++i) put_text(queues.texts, account, 9000);
  put_handle(queues, account);
  put_loan(queues, account, 2000);
  put_text(queues.jobs, account, 20000);
}

class QueuePoints : public ::testing::Test {
 protected:
  void SetUp() override {
    (void)Family::instance().self();
    account.clear();
    {
      Queues queues;
      use_all(queues, account);
      drain(queues, account);
    }
    family.sweep();
    before = Balance::of(family);
  }
  void TearDown() override { account.remove(); }

  // The queues work, and everything was received that can be.
  void expect_whole(Queues& queues, std::uint64_t may_be_lost) {
    put_cell(queues.cells, account);
    put_text(queues.texts, account, 100);
    drain(queues, account);
    family.sweep();
    drain(queues, account);
    EXPECT_TRUE(queues.jobs.join(Deadline::now()));
    account.expect_balanced(may_be_lost, true);
  }
  void expect_nothing_left() {
    family.sweep();
    EXPECT_STREQ(family.validate(), nullptr);
    EXPECT_EQ(Balance::of(family), before);
  }

  Family& family = Family::instance();
  Account& account = Account::make();
  Balance before{};
};

TEST_F(QueuePoints, the_others_go_on_whatever_point_one_is_killed_at) {
  std::map<std::string, int> deaths;
  // 0: the first, alone.
  for_each_kill(queue_points(), {0, 1, 2, 5, 23}, [&](const std::string& point, int hit, int round) {
    account.clear();
    {
      Queues queues;
      begin_round(queues, account, round);
      pid_t partner = fork_child([&] {
        while (hit != 0) use_all(queues, account);
      });
      pid_t victim = fork_child([&] {
        arm_crash_point(point, std::max(hit, 1));
        for (int i = 0; i < 4; ++i) use_all(queues, account);
      });
      if (was_killed(wait_for(victim))) ++deaths[point];
      ::kill(partner, SIGKILL);
      wait_for(partner);
      expect_whole(queues, 2 * kMayBeLost);
    }
    expect_nothing_left();
  });
  for (const auto& point : queue_points()) std::printf("%4d %s\n", deaths[point], point.c_str());
}

// A victim that sleeps, wakes and wakes others: its partner comes rarely.
TEST_F(QueuePoints, nobody_is_left_asleep) {
  std::map<std::string, int> deaths;
  const std::vector<std::string> points = {"channel.wait.announced",    "channel.wait.woken",
                                           "channel.wait.pass_on",      "channel.wake.before",
                                           "channel.lock.before_wake",  "channel.join.announced",
                                           "channel.task_done.counted", "channel.task_done.before_wake"};
  for_each_kill(points, {1, 2, 3, 4}, [&](const std::string& point, int hit, int) {
    account.clear();
    {
      Queues queues;
      JoinableQueue<Cell> plain;
      Queue<Cell> answers;
      // Waits for the victim's items, and answers each; then must get this test's.
      pid_t partner = fork_child([&] {
        while (true) {
          auto cell = queues.cells.get();
          account.got(cell.id());
          std::this_thread::sleep_for(200us);  // the other one falls asleep
          put_cell(answers, account);
          (void)plain.join(1ms);
        }
      });
      pid_t victim = fork_child([&] {
        arm_crash_point(point, hit);
        for (int i = 0; i < 50; ++i) {
          std::this_thread::sleep_for(200us);
          put_cell(queues.cells, account);
          account.got(answers.get().id());
          put_cell(plain, account);
          (void)plain.join(1ms);
          account.got(plain.get().id());
          plain.task_done();
        }
      });
      if (was_killed(wait_for(victim))) ++deaths[point];
      for (int i = 0; i < 3; ++i) {
        put_cell(queues.cells, account);
        auto cell = answers.try_get(5s);
        EXPECT_TRUE(cell) << "the partner sleeps on";
        if (cell) account.got(cell->id());
      }
      ::kill(partner, SIGKILL);
      wait_for(partner);
      while (auto cell = answers.try_get()) account.got(cell->id());
      while (auto cell = plain.try_get()) account.got(cell->id());
      expect_whole(queues, 2 * kMayBeLost);
    }
    expect_nothing_left();
  });
  for (const auto& [point, count] : deaths) std::printf("%4d %s\n", count, point.c_str());
  EXPECT_GT(deaths["channel.wait.woken"], 0);
  EXPECT_GT(deaths["channel.wake.before"], 0);
  EXPECT_GT(deaths["channel.task_done.counted"], 0);
}

// A holder dies after its release, before it wakes who sleeps for the lock; and a sleeper dies.
TEST_F(QueuePoints, the_lock_is_had_after_deaths_around_it) {
  const std::vector<std::string> points = {"channel.lock.before_wake", "channel.lock.announced",
                                           "channel.lock.taken_over"};
  for_each_kill(points, {1}, [&](const std::string& point, int, int round) {
    account.clear();
    {
      Queues queues;
      // Producers fight for their side in one round, consumers for theirs in the next.
      bool putting = round % 2 == 0;
      if (!putting) put_cell(queues.cells, account);
      auto* ring = static_cast<ring::RingBody*>(detail::HandleAccess::body(queues.cells));
      auto& side = putting ? ring->in : ring->out;
      bool holder_dies = point == "channel.lock.before_wake";
      pid_t holder = fork_child([&] {
        if (holder_dies) arm_crash_point(point);
        ring::SideGuard guard(side);
        while (side.waiters.load() == 0) std::this_thread::yield();
        if (point == "channel.lock.taken_over") ::raise(SIGKILL);
        // The sleeper is asleep, or about to be.
      });
      while (side.lock.load() == 0) std::this_thread::yield();
      pid_t sleeper = fork_child([&] {
        if (!holder_dies) arm_crash_point(point);
        if (putting)
          put_cell(queues.cells, account);
        else
          account.got(queues.cells.get().id());
      });
      EXPECT_EQ(was_killed(wait_for(holder)), point != "channel.lock.announced");
      EXPECT_EQ(was_killed(wait_for(sleeper)), !holder_dies);
      EXPECT_EQ(queues.cells.qsize(), holder_dies == putting ? 1u : 0u);
      expect_whole(queues, 0);
    }
    expect_nothing_left();
  });
}

// One dies at a point inside, the next one repairs and dies there; the third finds all in order.
TEST_F(QueuePoints, a_repairer_may_die_too) {
  const std::vector<std::string> inside = {
      "channel.add_segment.named",      "channel.add_segment.given",     "channel.add_segment.linked",
      "channel.add_segment.entered",    "channel.remove_segment.named",  "channel.remove_segment.left",
      "channel.remove_segment.owned",   "channel.put.block_named",       "channel.put.block_given",
      "channel.put.block_committed",    "channel.take.block_named",      "channel.take.block_taken",
      "channel.take.block_committed",   "channel.take_lease.named",      "channel.take_lease.given",
      "channel.take_lease.committed",   "channel.task_done.named",       "channel.end_lease.counted",
      "channel.end_lease.parcel_freed", "channel.end_lease.block_owned", "channel.end_lease.block_forgotten",
      "channel.end_lease.freed"};
  std::vector<std::string> repairs;
  for (const auto& point : queue_points())
    for (const char* part : {"repair", "end_lease", "taken_over", "return_leases", "take_lease.again"})
      if (point.find(part) != std::string::npos) repairs.push_back(point);
  std::map<std::string, int> deaths;
  for_each_kill(repairs, {1}, [&](const std::string& second, int hit, int round) {
    // The dead one's items come back by the hook of a repair only.
    bool returns = second.find("return_leases") != std::string::npos || second.find("again") != std::string::npos;
    for (std::size_t k = 0; k < inside.size(); ++k) {
      const std::string& first = inside[k];
      SCOPED_TRACE("after " + first);
      // In later rounds a part of them, since each is only one kill; of those that bring items back, what leaves some.
      bool is_turn = returns ? first == "channel.take_lease.committed" : (k + static_cast<std::size_t>(round)) % 4 == 0;
      if (round > 0 && !is_turn) continue;
      account.clear();
      {
        Queues queues;
        pid_t corpse = fork_child([&] {
          arm_crash_point(first, returns ? 1 + round % 2 : 1);
          for (int i = 0; i < 2; ++i) use_all(queues, account);
        });
        EXPECT_TRUE(was_killed(wait_for(corpse)));
        pid_t repairer = fork_child([&] {
          arm_crash_point(second, hit);
          if (returns || deaths[second] % 2 == 0)
            (void)Family::instance().sweep();  // by the hook, or by who comes next
          use_all(queues, account);
        });
        if (was_killed(wait_for(repairer))) ++deaths[second];
        expect_whole(queues, 2 * kMayBeLost);
      }
      expect_nothing_left();
      if (HasFailure()) return;
    }
  });
  for (const auto& [point, count] : deaths) std::printf("%4d %s\n", count, point.c_str());
  EXPECT_GT(deaths["channel.repair_in.entered"], 0);
  EXPECT_GT(deaths["channel.repair_out.owned"], 0);
  EXPECT_GT(deaths["channel.repair_leases.given"], 0);
  EXPECT_GT(deaths["channel.return_leases.one"], 0);
  EXPECT_GT(deaths["channel.take_lease.again"], 0);
}

}  // namespace
}  // namespace cohort::testing
