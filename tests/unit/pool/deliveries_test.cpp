// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/deliveries.hpp"

#include <gtest/gtest.h>

#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

using testing::KeepingSink;
using testing::Parts;

TaskResult result() { return TaskResult(std::make_exception_ptr(1)); }

TEST(Deliveries, deliver_when_they_are_destroyed_and_not_before) {
  Parts pool;
  auto sink = std::make_shared<KeepingSink>();
  {
    Deliveries batch(pool.inbox);
    EXPECT_TRUE(batch.empty());
    batch.add(sink, result());
    EXPECT_TRUE(sink->results.empty());
  }
  EXPECT_EQ(sink->results.size(), 1u);
  EXPECT_EQ(sink.use_count(), 1);
}

TEST(Deliveries, are_a_bounded_number) {
  Parts pool;
  auto sink = std::make_shared<KeepingSink>();
  {
    Deliveries batch(pool.inbox);
    while (!batch.full()) batch.add(std::shared_ptr<TaskSink>(sink), result());
    EXPECT_EQ(batch.room(), 0u);
  }
  EXPECT_EQ(sink->results.size(), Deliveries::kMost);
}

TEST(Deliveries, tell_the_others_who_wait_and_nobody_of_ones_own) {
  Parts pool;
  PoolShared& shared = pool.block.shared();
  auto sink = std::make_shared<KeepingSink>();
  shared.waiters.store(2);
  {
    Deliveries batch(pool.inbox, sink.get(), 1);
    batch.add(std::shared_ptr<TaskSink>(sink), result());
    EXPECT_FALSE(pool.inbox.is_delivering());
  }
  EXPECT_EQ(shared.doorbell.load(), 0u);
  {
    Deliveries batch(pool.inbox, nullptr, 1);
    batch.add(std::shared_ptr<TaskSink>(sink), result());
    EXPECT_TRUE(pool.inbox.is_delivering());
  }
  EXPECT_FALSE(pool.inbox.is_delivering());
  EXPECT_EQ(shared.doorbell.load(), 1u);
  {
    Deliveries batch(pool.inbox, nullptr, 2);  // no others
    batch.add(std::shared_ptr<TaskSink>(sink), result());
  }
  EXPECT_EQ(shared.doorbell.load(), 1u);
}

}  // namespace
}  // namespace cohort::detail
