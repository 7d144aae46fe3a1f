// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/task_table.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "cohort/pool/worker_died.hpp"
#include "pool/encoded_failure.hpp"
#include "pool/map_job.hpp"
#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

using testing::KeepingSink;
using testing::Parts;

const WorkerEnd kKilled{4711, ExitStatus::signaled(9), ""};

TEST(TaskTable, delivers_a_result_to_its_sink_and_frees_the_record) {
  Parts pool;
  auto sink = pool.add(21);
  EXPECT_FALSE(pool.tasks.empty());
  EXPECT_TRUE(pool.work());
  EXPECT_EQ(pool.look(), 1u);
  ASSERT_EQ(sink->results.size(), 1u);
  EXPECT_EQ(sink->value(), 42);
  EXPECT_TRUE(pool.tasks.empty());
}

TEST(TaskTable, refuses_an_entry_of_a_task_that_has_ended) {
  Parts pool;
  auto first = pool.add(1);
  std::uint64_t entry = *pool.take_entry();
  ASSERT_TRUE(pool.claim(entry, 0));
  pool.perform(entry, 0);
  pool.announce(entry, 0);
  pool.announce(entry, 1);
  EXPECT_EQ(pool.look(), 1u);
  // The record is used again, by another generation.
  auto second = pool.add(2);
  pool.announce(entry, 0);
  EXPECT_EQ(pool.look(), 0u);
  EXPECT_FALSE(pool.claim(entry, 0));
  EXPECT_TRUE(pool.work());
  pool.look();
  EXPECT_EQ(first->results.size(), 1u);
  EXPECT_EQ(second->value(), 4);
}

TEST(TaskTable, keeps_tasks_without_a_record_and_gives_them_one_in_order) {
  Parts pool;
  std::vector<std::shared_ptr<KeepingSink>> sinks;
  while (!pool.tasks.full()) sinks.push_back(pool.add(static_cast<int>(sinks.size())));
  for (int i = 0; i < 5; ++i) sinks.push_back(pool.add(static_cast<int>(sinks.size())));
  EXPECT_TRUE(pool.tasks.was_full());
  std::size_t worked = 0;
  std::size_t delivered = 0;
  for (; pool.work(); ++worked) delivered += pool.look();
  while (std::size_t more = pool.look()) delivered += more;
  EXPECT_EQ(worked, sinks.size());
  EXPECT_EQ(delivered, sinks.size());
  for (std::size_t i = 0; i < sinks.size(); ++i) EXPECT_EQ(sinks[i]->value(), static_cast<int>(2 * i));
  EXPECT_TRUE(pool.tasks.empty());
}

TEST(TaskTable, takes_an_end_later_that_was_noted_without_a_batch) {
  Parts pool;
  std::vector<std::shared_ptr<KeepingSink>> sinks;
  for (int i = 0; i < 40; ++i) sinks.push_back(pool.add(i));
  while (pool.work()) {}
  pool.inbox.note_completions(pool.tasks);
  EXPECT_EQ(sinks[0]->results.size(), 0u);
  EXPECT_FALSE(pool.tasks.empty());
  EXPECT_EQ(pool.look(), Deliveries::kMost);
  while (pool.look() != 0) {}
  for (int i = 0; i < 40; ++i) EXPECT_EQ(sinks[static_cast<std::size_t>(i)]->value(), 2 * i);
}

TEST(TaskTable, hands_a_dead_workers_task_out_again_while_retries_are_left) {
  Parts pool;
  auto sink = pool.add(3, 1);
  for (int death = 0; death < 2; ++death) {
    auto entry = pool.take_entry();
    ASSERT_TRUE(entry.has_value());
    ASSERT_TRUE(pool.claim(*entry, 1));
    pool.tasks.reclaim(1);
    pool.tasks.recover(kKilled);
  }
  EXPECT_FALSE(pool.take_entry().has_value());
  EXPECT_EQ(pool.look(), 1u);
  try {
    (void)sink->value();
    ADD_FAILURE() << "no error";
  } catch (const WorkerDied& died) {
    EXPECT_EQ(died.pid(), 4711);
    EXPECT_EQ(died.operation(), "taking");
    EXPECT_NE(died.task().find("twice"), std::string::npos);
  }
}

TEST(TaskTable, takes_the_result_of_a_worker_that_died_before_it_announced_it) {
  Parts pool;
  auto sink = pool.add(4);
  std::uint64_t entry = *pool.take_entry();
  ASSERT_TRUE(pool.claim(entry, 0));
  pool.perform(entry, 0);
  pool.tasks.reclaim(0);
  pool.tasks.recover(kKilled);
  EXPECT_EQ(pool.look(), 1u);
  EXPECT_EQ(sink->value(), 8);
}

TEST(TaskTable, hands_out_again_what_was_taken_off_the_ring_and_not_begun) {
  Parts pool;
  auto sink = pool.add(5);
  (void)pool.take_entry();
  pool.tasks.reclaim(0);
  pool.tasks.recover(kKilled);
  EXPECT_TRUE(pool.work());
  pool.look();
  EXPECT_EQ(sink->value(), 10);
}

TEST(TaskTable, gives_a_task_up_that_each_worker_dies_with_before_it_begins) {
  Parts pool;
  auto sink = pool.add(6, 1000);
  std::uint32_t deaths = 0;
  while (auto entry = pool.take_entry()) {
    pool.tasks.reclaim(0);
    pool.tasks.recover(kKilled);
    ASSERT_LT(++deaths, 100u);
  }
  EXPECT_EQ(deaths, kTriesToBegin + 2);
  EXPECT_EQ(pool.look(), 1u);
  EXPECT_THROW((void)sink->value(), WorkerDied);
}

TEST(TaskTable, ends_all_by_one_failure_those_too_that_have_no_record) {
  Parts pool;
  std::vector<std::shared_ptr<KeepingSink>> sinks;
  while (!pool.tasks.full()) sinks.push_back(pool.add(1));
  for (int i = 0; i < 50; ++i) sinks.push_back(pool.add(1));
  pool.tasks.fail_all(std::make_exception_ptr(BrokenPool{"why"}));
  EXPECT_EQ(pool.look(), Deliveries::kMost);  // a bounded number at once
  while (pool.look() != 0) {}
  for (const auto& sink : sinks) {
    ASSERT_EQ(sink->results.size(), 1u);
    EXPECT_THROW((void)sink->value(), PoolBroken);
  }
  EXPECT_TRUE(pool.tasks.empty());
  // Their entries are still in the ring: no worker can begin them.
  EXPECT_FALSE(pool.work());
}

}  // namespace
}  // namespace cohort::detail
