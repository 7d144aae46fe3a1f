// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A worker killed while it wakes another one: that one is found, and nobody sleeps on while tasks wait.
#include <gtest/gtest.h>

#include <string>

#include "base/crash_point.hpp"
#include "crash/kill_rounds.hpp"
#include "crash/pool_support.hpp"

namespace cohort::testing {
namespace {

const std::vector<std::string> kWaking{"pool.sleeper_claimed", "pool.sleeper_counted", "pool.sleeper_woken"};

// The one that dies took the first of two tasks while the other worker slept and the owner believed that two were
// looking.
struct Death {
  BarePool pool{2};
  pid_t sleeper = pool.start_worker(1);

  void operator()(const std::string& point) {
    ASSERT_TRUE(pool.wait_until_asleep(1, sleeper));
    pool.hand_in(2);
    pid_t victim = family::testing::fork_child([&] {
      arm_crash_point(point, 1);
      pool.work(0);
    });
    ASSERT_TRUE(family::testing::was_killed(family::testing::wait_for(victim))) << "did not pass the point";
  }
  ~Death() {
    pool.stop();
    EXPECT_EQ(family::testing::wait_for(sleeper), 0);
  }
};

TEST(PoolWake, a_worker_that_dies_while_it_wakes_another_leaves_no_one_asleep_with_work) {
  for_each_kill(kWaking, {1}, [&](const std::string& point, int, int) {
    Death death;
    death(point);
    std::uint32_t wakes = death.pool.wakes(1);
    death.pool.repair(0, 2);
    // By the repair, not only by the bound of its sleep. One that was woken already may be asleep again, with nothing
    // to do.
    if (point != "pool.sleeper_woken") { EXPECT_GT(death.pool.wakes(1), wakes); }
    EXPECT_TRUE(death.pool.wait_until_done(2));
  });
}

TEST(PoolWake, a_sleeper_whose_waker_died_looks_again_although_nobody_repairs) {
  for_each_kill({"pool.sleeper_claimed"}, {1}, [&](const std::string& point, int, int) {
    Death death;
    death(point);
    Deadline limit = std::chrono::seconds(30);
    while (death.pool.phase(1) != detail::TaskPhase::done && !limit.expired()) std::this_thread::yield();
    EXPECT_EQ(death.pool.phase(1), detail::TaskPhase::done);
  });
}

TEST(PoolWake, the_number_of_sleepers_is_right_after_each_death) {
  for_each_kill(kWaking, {1}, [&](const std::string& point, int, int) {
    Death death;
    death(point);
    death.pool.repair(0, 2);
    ASSERT_TRUE(death.pool.wait_until_done(2));
    ASSERT_TRUE(death.pool.wait_until_asleep(1, death.sleeper));
    EXPECT_EQ(detail::idle_workers(death.pool.shared()), 1u);
  });
}

TEST(PoolWake, a_worker_that_dies_as_it_falls_asleep_is_not_counted_as_a_sleeper) {
  for_each_kill({"pool.idle"}, {1}, [&](const std::string& point, int, int) {
    BarePool pool(2);
    pid_t victim = family::testing::fork_child([&] {
      arm_crash_point(point, 1);
      pool.work(0);
    });
    ASSERT_TRUE(family::testing::was_killed(family::testing::wait_for(victim)));
    EXPECT_EQ(detail::idle_workers(pool.shared()), 1u);
    pool.repair(0, 0);
    EXPECT_EQ(detail::idle_workers(pool.shared()), 0u);
  });
}

}  // namespace
}  // namespace cohort::testing
