// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/dispatcher.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "pool/pool_block.hpp"
#include "pool/ring.hpp"
#include "pool/wake.hpp"

namespace cohort::detail {
namespace {

class DispatcherTest : public ::testing::Test {
 protected:
  PoolBlock block{3};
  PoolShared& pool = block.shared();
  Dispatcher dispatcher{pool};

  void put_to_sleep(std::uint32_t worker) { pool.idle[0].fetch_or(idle_bit(worker)); }
  void make_ready(std::uint32_t worker) { block.worker(worker).ready.store(1); }
  std::uint32_t wakes(std::uint32_t worker) { return block.worker(worker).wake.load(); }
  std::uint64_t take() {
    auto front = ring_front(pool.work);
    return front && ring_take(pool.work, front->place) ? front->value : 0;
  }
};

TEST_F(DispatcherTest, pushes_in_order_and_says_where) {
  EXPECT_EQ(dispatcher.push(task_entry(1, 7)), 0u);
  EXPECT_EQ(dispatcher.push(task_entry(1, 8)), 1u);
  EXPECT_EQ(take(), task_entry(1, 7));
  EXPECT_EQ(dispatcher.taken(), 1u);
  EXPECT_EQ(take(), task_entry(1, 8));
}

TEST_F(DispatcherTest, keeps_what_the_ring_has_no_room_for_and_pushes_it_in_order) {
  for (std::uint32_t i = 0; i < kTaskCapacity; ++i) ASSERT_EQ(dispatcher.push(task_entry(1, i)), i);
  EXPECT_EQ(dispatcher.push(task_entry(2, 1)), Dispatcher::kNotInRing);
  EXPECT_EQ(dispatcher.push(task_entry(2, 2)), Dispatcher::kNotInRing);
  EXPECT_EQ(dispatcher.push(task_entry(2, 3)), Dispatcher::kNotInRing);
  std::vector<std::uint64_t> told;
  auto place = [&](std::uint64_t entry, std::uint64_t) {
    told.push_back(entry);
    return entry != task_entry(2, 2);  // that one is not wanted any more
  };
  dispatcher.push_kept(place);
  EXPECT_TRUE(told.empty());
  for (std::uint32_t i = 0; i < 2; ++i) ASSERT_EQ(take(), task_entry(1, i));
  dispatcher.push_kept(place);
  EXPECT_EQ(told, (std::vector{task_entry(2, 1), task_entry(2, 2), task_entry(2, 3)}));
  EXPECT_FALSE(dispatcher.keeps_any());
  for (std::uint32_t i = 2; i < kTaskCapacity; ++i) ASSERT_EQ(take(), task_entry(1, i));
  EXPECT_EQ(take(), task_entry(2, 1));
  EXPECT_EQ(take(), task_entry(2, 3));
}

TEST_F(DispatcherTest, wakes_a_sleeper_when_nobody_else_looks) {
  for (std::uint32_t w = 0; w < 3; ++w) {
    make_ready(w);
    put_to_sleep(w);
  }
  dispatcher.task_opened();
  (void)dispatcher.push(task_entry(1, 1));
  EXPECT_EQ(wakes(0) + wakes(1) + wakes(2), 1u);
  EXPECT_EQ(idle_workers(pool), 2u);
}

TEST_F(DispatcherTest, wakes_nobody_when_each_task_has_a_worker_that_is_awake) {
  for (std::uint32_t w = 0; w < 3; ++w) make_ready(w);
  put_to_sleep(2);
  for (std::uint32_t i = 0; i < 2; ++i) {
    dispatcher.task_opened();
    (void)dispatcher.push(task_entry(1, i));
  }
  EXPECT_EQ(wakes(2), 0u);
  dispatcher.task_opened();
  (void)dispatcher.push(task_entry(1, 3));
  EXPECT_EQ(wakes(2), 1u);
}

TEST_F(DispatcherTest, wakes_as_many_for_a_map_as_it_has_chunks) {
  for (std::uint32_t w = 0; w < 3; ++w) put_to_sleep(w);
  dispatcher.set_open_maps(1);
  dispatcher.push_map(job_number(1, 0), 2);
  EXPECT_EQ(idle_workers(pool), 1u);
  EXPECT_EQ(take(), kJobEntry | job_number(1, 0));
}

TEST_F(DispatcherTest, counts_no_dead_worker_as_ready) {
  for (std::uint32_t w = 0; w < 2; ++w) make_ready(w);
  put_to_sleep(2);
  dispatcher.task_opened();
  dispatcher.task_opened();
  (void)dispatcher.push(task_entry(1, 1));
  EXPECT_EQ(wakes(2), 0u);
  dispatcher.worker_died(1);  // which wakes for what waits
  EXPECT_EQ(block.worker(1).ready.load(), 0u);
  EXPECT_EQ(wakes(2), 1u);
  put_to_sleep(2);
  (void)take();
  block.worker(0).busy.store(1);
  (void)dispatcher.push(task_entry(1, 2));
  EXPECT_EQ(wakes(2), 2u);
}

TEST_F(DispatcherTest, drops_entries_at_the_front_only) {
  for (std::uint32_t i = 1; i <= 4; ++i) (void)dispatcher.push(task_entry(1, i));
  dispatcher.drop_front_while([](std::uint64_t entry) { return entry != task_entry(1, 3); });
  EXPECT_EQ(take(), task_entry(1, 3));
  EXPECT_EQ(take(), task_entry(1, 4));
}

TEST_F(DispatcherTest, stop_wakes_all) {
  for (std::uint32_t w = 0; w < 3; ++w) put_to_sleep(w);
  dispatcher.stop();
  EXPECT_EQ(pool.stop.load(), 1u);
  EXPECT_EQ(idle_workers(pool), 0u);
}

}  // namespace
}  // namespace cohort::detail
