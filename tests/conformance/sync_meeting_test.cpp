// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Conditions and barriers between processes, as CPython's _TestCondition and _TestBarrier have them.
#include <mutex>

#include "cohort/base/error.hpp"
#include "cohort/sync.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

struct SyncMeetings : EachMethod {
  std::vector<Process> children;

  template <class... Args>
  void start(int count, Args&&... args) {
    for (int i = 0; i < count; ++i) children.push_back(started(args...));
  }
  void expect_all_agreed() {
    for (auto& child : children) {
      ASSERT_TRUE(child.join(patience()));
      EXPECT_EQ(child.exitcode(), 0);
    }
    children.clear();
  }
};
COHORT_FOR_EACH_METHOD(SyncMeetings);

void require(bool good, int code) {
  if (!good) throw SystemExit(code);
}

// ---- _TestCondition ----

void wait_once(Condition condition, Semaphore sleeping, Semaphore woken, bool expected, int limit_ms) {
  std::scoped_lock guard(condition);
  sleeping.release();
  bool notified = condition.wait(limit_ms < 0 ? patience() : Deadline(std::chrono::milliseconds(limit_ms)));
  require(notified == expected, 1);
  woken.release();
}

void take(Semaphore& semaphore, int count) {
  for (int i = 0; i < count; ++i) ASSERT_TRUE(semaphore.acquire(patience()));
}

TEST_P(SyncMeetings, notify_wakes_as_many_as_are_asked_for) {
  for (Condition condition : {Condition(), Condition(Lock())}) {
    Semaphore sleeping(0);
    Semaphore woken(0);
    start(6, wait_once, condition, sleeping, woken, true, -1);
    take(sleeping, 6);
    auto notify = [&](int count) {
      std::scoped_lock guard(condition);
      condition.notify(count);
    };
    notify(1);
    take(woken, 1);
    notify(2);
    take(woken, 2);
    {
      std::scoped_lock guard(condition);
      EXPECT_EQ(condition.n_waiting(), 3);
    }
    notify(4);
    take(woken, 3);
    EXPECT_FALSE(woken.acquire(Deadline::now()));
    notify(3);  // nobody is there
    expect_all_agreed();
  }
}

TEST_P(SyncMeetings, notify_all_wakes_all_after_others_have_timed_out) {
  Condition condition;
  Semaphore sleeping(0);
  Semaphore woken(0);
  start(2, wait_once, condition, sleeping, woken, false, 10);
  take(sleeping, 2);
  take(woken, 2);
  start(4, wait_once, condition, sleeping, woken, true, -1);
  take(sleeping, 4);
  {
    std::scoped_lock guard(condition);
    condition.notify_all();
  }
  take(woken, 4);
  expect_all_agreed();
}

void count_up(Condition condition, Semaphore number) {
  {
    std::scoped_lock guard(condition);
    condition.notify();
  }
  for (int i = 0; i < 4; ++i) {
    std::scoped_lock guard(condition);
    number.release();
    condition.notify();
  }
}

TEST_P(SyncMeetings, a_condition_waits_for_a_predicate) {
  Condition condition;
  Semaphore number(0);
  start(1, count_up, condition, number);
  {
    std::scoped_lock guard(condition);
    EXPECT_TRUE(condition.wait_for([&] { return number.get_value() == 4; }, patience()));
    auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(condition.wait_for([&] { return number.get_value() == 5; }, 20ms));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
  }
  expect_all_agreed();
}

TEST_P(SyncMeetings, a_killed_waiter_costs_nobody_a_notification) {
  Condition condition;
  Semaphore sleeping(0);
  Semaphore woken(0);
  Process doomed = started(wait_once, condition, sleeping, woken, true, -1);
  take(sleeping, 1);
  start(1, wait_once, condition, sleeping, woken, true, -1);
  take(sleeping, 1);
  {
    std::scoped_lock guard(condition);  // both wait now
    doomed.kill();
    ASSERT_TRUE(doomed.join(patience()));
    condition.notify();
  }
  expect_all_agreed();
}

// ---- _TestBarrier ----

constexpr int kParties = 5;

void pass_often(Barrier barrier, Semaphore passed, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    // Whoever has passed meeting i: all have come to it, none has passed i + 2.
    int index = barrier.wait(patience());
    require(index >= 0 && index < barrier.parties(), 1);
    require(passed.get_value() >= i * barrier.parties() - barrier.parties() + 1 || i == 0, 2);
    passed.release();
  }
}

TEST_P(SyncMeetings, a_barrier_is_passed_in_step) {
  Barrier barrier(kParties);
  Semaphore passed(0);
  start(kParties - 1, pass_often, barrier, passed, 200);
  pass_often(barrier, passed, 200);
  expect_all_agreed();
  EXPECT_EQ(passed.get_value(), kParties * 200);
  EXPECT_FALSE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0);
}

void pass_once(Barrier barrier, Semaphore zeroes) {
  if (barrier.wait(patience()) == 0) zeroes.release();
}

TEST_P(SyncMeetings, exactly_one_party_gets_0) {
  Barrier barrier(kParties);
  Semaphore zeroes(0);
  start(kParties, pass_once, barrier, zeroes);
  expect_all_agreed();
  EXPECT_EQ(zeroes.get_value(), 1);
}

struct CountMeeting {
  Semaphore meetings;
  void operator()() { meetings.release(); }
};

TEST_P(SyncMeetings, the_action_is_run_once_in_whichever_process_comes_last) {
  Semaphore meetings(0);
  Semaphore zeroes(0);
  Barrier barrier(kParties, CountMeeting{meetings});
  start(kParties, pass_once, barrier, zeroes);
  expect_all_agreed();
  EXPECT_EQ(meetings.get_value(), 1);
}

void expect_broken(Barrier barrier, int limit_ms) {
  try {
    limit_ms < 0 ? barrier.wait(patience()) : barrier.wait(std::chrono::milliseconds(limit_ms));
    throw SystemExit(1);
  } catch (const BrokenBarrierError&) {}
}

TEST_P(SyncMeetings, abort_breaks_the_barrier_until_reset) {
  Barrier barrier(kParties);
  start(kParties - 1, expect_broken, barrier, -1);
  ASSERT_TRUE(eventually([&] { return barrier.n_waiting() == kParties - 1; }));
  barrier.abort();
  expect_all_agreed();
  EXPECT_TRUE(barrier.broken());
  start(1, expect_broken, barrier, -1);
  expect_all_agreed();
  barrier.reset();
  Semaphore zeroes(0);
  start(kParties, pass_once, barrier, zeroes);
  expect_all_agreed();
  EXPECT_EQ(zeroes.get_value(), 1);
}

TEST_P(SyncMeetings, reset_breaks_it_for_those_who_wait_only) {
  Barrier barrier(kParties);
  start(kParties - 1, expect_broken, barrier, -1);
  ASSERT_TRUE(eventually([&] { return barrier.n_waiting() == kParties - 1; }));
  barrier.reset();
  expect_all_agreed();
  EXPECT_FALSE(barrier.broken());
  Semaphore zeroes(0);
  start(kParties, pass_once, barrier, zeroes);
  expect_all_agreed();
}

TEST_P(SyncMeetings, one_who_times_out_breaks_it_for_all) {
  Barrier barrier(3);
  start(1, expect_broken, barrier, -1);
  start(1, expect_broken, barrier, 50);
  expect_all_agreed();
  EXPECT_TRUE(barrier.broken());
}

TEST_P(SyncMeetings, a_party_that_is_killed_breaks_it_for_all) {
  Barrier barrier(3);
  Process doomed = started(expect_broken, barrier, -1);
  start(1, expect_broken, barrier, -1);
  ASSERT_TRUE(eventually([&] { return barrier.n_waiting() == 2; }));
  doomed.kill();
  expect_all_agreed();
  EXPECT_TRUE(barrier.broken());
  ASSERT_TRUE(doomed.join(patience()));
}

TEST_P(SyncMeetings, of_one_party_never_wait) {
  Barrier barrier(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(barrier.wait(), 0);
}

}  // namespace
}  // namespace cohort::test
