// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Step by step; all orders of steps are explored in tests/model/pool_model_test.cpp.
#include "pool/wake.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "pool/pool_block.hpp"
#include "pool/ring.hpp"

namespace cohort::detail {
namespace {

class WakeTest : public ::testing::Test {
 protected:
  PoolBlock block{70};  // two words of `idle`
  PoolShared& pool = block.shared();

  void put_to_sleep(std::uint32_t w) { pool.idle[w / 64].fetch_or(idle_bit(w)); }
  std::uint32_t wakes(std::uint32_t w) { return block.worker(w).wake.load(); }
};

TEST_F(WakeTest, counts_sleepers_and_finds_one_that_is_awake) {
  EXPECT_FALSE(anyone_idle(pool));
  for (std::uint32_t w : {0u, 1u, 65u}) put_to_sleep(w);
  EXPECT_TRUE(is_idle(pool, 65));
  EXPECT_FALSE(is_idle(pool, 64));
  EXPECT_EQ(idle_workers(pool), 3u);
  EXPECT_EQ(first_awake(pool), 2u);
}

TEST_F(WakeTest, wakes_one_sleeper_and_takes_its_bit) {
  EXPECT_FALSE(wake_sleeper(pool));
  put_to_sleep(66);
  EXPECT_TRUE(wake_sleeper(pool));
  EXPECT_EQ(wakes(66), 1u);
  EXPECT_FALSE(anyone_idle(pool));
}

TEST_F(WakeTest, wakes_for_work_only_when_more_waits_than_workers_look) {
  for (std::uint32_t w = 0; w < 70; ++w) put_to_sleep(w);
  pool.idle[0].fetch_and(~idle_bit(3));
  block.worker(3).ready.store(1);
  ring_push(pool.work, task_entry(1, 1));
  wake_for_work(pool, 3);
  EXPECT_EQ(idle_workers(pool), 69u);
  ring_push(pool.work, task_entry(1, 2));
  wake_for_work(pool, 3, 1);  // one of the two needs nobody
  EXPECT_EQ(idle_workers(pool), 69u);
  wake_for_work(pool, 3);
  EXPECT_EQ(idle_workers(pool), 68u);
}

TEST_F(WakeTest, counts_no_one_who_is_busy_or_not_ready_as_looking) {
  put_to_sleep(0);
  ring_push(pool.work, task_entry(1, 1));
  for (std::uint32_t w = 1; w < 70; ++w) {
    block.worker(w).busy.store(w % 2);
    block.worker(w).ready.store(w % 2);
  }
  wake_for_work(pool, 1);
  EXPECT_EQ(wakes(0), 1u);
}

TEST_F(WakeTest, a_worker_that_becomes_busy_leaves_what_is_left_to_another) {
  for (std::uint32_t w = 1; w < 70; ++w) put_to_sleep(w);
  block.worker(0).ready.store(1);
  ring_push(pool.work, task_entry(1, 1));
  become_busy(pool, 0, 1);
  EXPECT_EQ(idle_workers(pool), 69u);
  become_free(pool, 0);
  EXPECT_EQ(block.worker(0).busy.load(), 0u);
  become_busy(pool, 0, 0);
  EXPECT_EQ(idle_workers(pool), 68u);
}

TEST_F(WakeTest, a_sleeper_wakes_for_an_entry_for_the_end_and_when_it_is_woken) {
  for (int reason = 0; reason < 3; ++reason) {
    std::thread sleeper([&] { sleep_for_work(pool, 69); });
    while (!is_idle(pool, 69)) std::this_thread::yield();
    if (reason == 0) ring_push(pool.work, task_entry(1, 1));
    if (reason == 1) pool.stop.store(1);
    wake_worker(pool, 69);
    sleeper.join();
    EXPECT_FALSE(is_idle(pool, 69));
    if (reason == 0) (void)ring_pop(pool.work);
    pool.stop.store(0);
  }
}

TEST_F(WakeTest, a_death_is_repaired_and_all_that_may_have_been_left_asleep_look_again) {
  put_to_sleep(0);
  put_to_sleep(2);
  block.worker(2).busy.store(1);
  block.worker(2).ready.store(1);
  block.worker(2).in_job.store(5);
  ring_push(pool.work, task_entry(1, 1));
  repair_after_death(pool, 2);
  EXPECT_EQ(block.worker(2).busy.load() + block.worker(2).ready.load() + block.worker(2).in_job.load(), 0u);
  EXPECT_FALSE(is_idle(pool, 2));
  EXPECT_EQ(wakes(0), 1u);  // for what waits
  EXPECT_EQ(wakes(1), 1u);  // it has no bit: the dead one may have taken it
}

}  // namespace
}  // namespace cohort::detail
