// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/inbox.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

using namespace std::chrono_literals;
using testing::KeepingSink;
using testing::Parts;

// No worker looks for work, so no thread spins for one.
void put_all_to_sleep(Parts& pool) { pool.block.shared().idle[0].store(3); }

constexpr auto whenever = [] { return Deadline::never(); };

TEST(Inbox, takes_what_all_workers_have_announced_as_far_as_the_batch_has_room) {
  Parts pool(3);
  std::vector<std::shared_ptr<KeepingSink>> sinks;
  for (int i = 0; i < 45; ++i) sinks.push_back(pool.add(i));
  for (std::uint32_t w = 0; pool.work(w); w = (w + 1) % 3) {}
  EXPECT_TRUE(pool.inbox.pending());
  std::size_t delivered = 0;
  while (std::size_t count = pool.look()) {
    EXPECT_LE(count, Deliveries::kMost);
    delivered += count;
  }
  EXPECT_EQ(delivered, 45u);
  EXPECT_FALSE(pool.inbox.pending());
  for (int i = 0; i < 45; ++i) EXPECT_EQ(sinks[static_cast<std::size_t>(i)]->value(), 2 * i);
}

TEST(Inbox, waits_for_nothing_that_is_there) {
  Parts pool;
  EXPECT_TRUE(pool.inbox.wait([](std::uint32_t) { return true; }, Deadline::now(), whenever));
}

TEST(Inbox, gives_up_at_the_deadline_and_counts_its_waiters) {
  Parts pool;
  put_all_to_sleep(pool);
  std::uint32_t most = 0;
  auto look = [&](std::uint32_t own) {
    EXPECT_EQ(pool.block.shared().waiters.load(), own);
    most = std::max(most, own);
    return false;
  };
  EXPECT_FALSE(pool.inbox.wait(look, 5ms, whenever));
  EXPECT_EQ(most, 1u);
  EXPECT_EQ(pool.block.shared().waiters.load(), 0u);
}

TEST(Inbox, asks_before_each_rest_how_long_it_may_be) {
  Parts pool;
  put_all_to_sleep(pool);
  int rests = 0;
  auto rest = [&] {
    ++rests;
    return Deadline(1ms);
  };
  EXPECT_TRUE(pool.inbox.wait([&](std::uint32_t) { return rests == 3; }, 60s, rest));
}

TEST(Inbox, a_thread_that_sleeps_hears_of_what_another_one_delivers) {
  Parts pool;
  put_all_to_sleep(pool);
  PoolShared& shared = pool.block.shared();
  class FlagSink final : public KeepingSink {
   public:
    void deliver(TaskResult&&) noexcept override { there.store(true); }
    std::atomic<bool> there{false};
  };
  auto sink = std::make_shared<FlagSink>();
  for (int round = 0; round < 100; ++round) {
    sink->there.store(false);
    std::thread sleeper(
        [&] { EXPECT_TRUE(pool.inbox.wait([&](std::uint32_t) { return sink->there.load(); }, 60s, whenever)); });
    if (round % 2 == 0)
      while (shared.waiters.load() == 0) std::this_thread::yield();
    auto before = std::chrono::steady_clock::now();
    {
      Deliveries batch(pool.inbox);
      batch.add(std::shared_ptr<TaskSink>(sink), TaskResult(std::make_exception_ptr(1)));
    }
    sleeper.join();
    // Not by the end of its rest only, which comes after a second.
    if (std::chrono::steady_clock::now() - before > 900ms) ADD_FAILURE() << "told late in round " << round;
  }
}

TEST(Inbox, empties_a_dead_workers_ring_for_the_next_one) {
  Parts pool;
  auto sink = pool.add(1);
  std::uint64_t entry = *pool.take_entry();
  ASSERT_TRUE(pool.claim(entry, 0));
  pool.perform(entry, 0);
  ring_write(pool.block.worker(0).completions, entry);  // and died before it counted it
  pool.inbox.note_completions(pool.tasks);
  pool.inbox.worker_died(0);
  RingShared& ring = pool.block.worker(0).completions;
  EXPECT_EQ(ring.head.load(), ring.tail.load());
  EXPECT_EQ(pool.look(), 1u);
  EXPECT_EQ(sink->value(), 2);
}

}  // namespace
}  // namespace cohort::detail
