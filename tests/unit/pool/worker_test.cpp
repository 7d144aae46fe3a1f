// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A worker in a process of its own, with the test in the owner's place.
#include "pool/worker.hpp"

#include <gtest/gtest.h>

#include "crash/pool_support.hpp"

namespace cohort::testing {
namespace {

TEST(Worker, does_what_is_handed_in_sleeps_and_ends_when_it_is_told) {
  BarePool pool(1);
  pid_t worker = pool.start_worker(0);
  ASSERT_TRUE(pool.wait_until_asleep(0, worker));
  pool.hand_in(5);
  detail::wake_worker(pool.shared(), 0);
  EXPECT_TRUE(pool.wait_until_done(5));
  EXPECT_TRUE(pool.wait_until_asleep(0, worker));
  pool.stop();
  EXPECT_EQ(family::testing::wait_for(worker), 0);
}

TEST(Worker, announces_each_task_once_and_in_order) {
  BarePool pool(1);
  pool.hand_in(3);
  pid_t worker = pool.start_worker(0);
  EXPECT_TRUE(pool.wait_until_done(3));
  ASSERT_TRUE(pool.wait_until_asleep(0, worker));
  detail::RingShared& completions = detail::workers_of(&pool.shared())[0].completions;
  for (std::uint32_t index = 0; index < 3; ++index)
    EXPECT_EQ(detail::ring_pop(completions), detail::task_entry(1, index));
  EXPECT_FALSE(detail::ring_pop(completions).has_value());
  pool.stop();
  EXPECT_EQ(family::testing::wait_for(worker), 0);
}

TEST(Worker, refuses_a_block_that_is_not_a_pool) {
  BarePool pool(1);
  pool.shared().version += 1;
  EXPECT_THROW(pool.work(0), IncompatibleError);
  pool.shared().version -= 1;
  EXPECT_THROW(pool.work(1), IncompatibleError);
}

}  // namespace
}  // namespace cohort::testing
