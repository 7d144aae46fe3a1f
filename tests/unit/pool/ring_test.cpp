// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The pool's ring and task word, with threads on one mapping, so that ThreadSanitizer sees their orders.
#include "pool/ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "pool/layout.hpp"

namespace cohort::detail {
namespace {

TEST(PoolRing, gives_entries_in_order_and_nothing_when_empty) {
  auto ring = std::make_unique<RingShared>();
  EXPECT_FALSE(ring_has_entries(*ring));
  EXPECT_EQ(ring_pop(*ring), std::nullopt);
  ring_push(*ring, 7);
  ring_push(*ring, 8);
  EXPECT_TRUE(ring_has_entries(*ring));
  EXPECT_EQ(ring_pop(*ring), 7u);
  EXPECT_EQ(ring_pop(*ring), 8u);
  EXPECT_EQ(ring_pop(*ring), std::nullopt);
}

TEST(PoolRing, goes_round_its_end_without_losing_entries) {
  auto ring = std::make_unique<RingShared>();
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < 3 * kTaskCapacity; ++i) {
    ring_push(*ring, i);
    for (int k = 0; i % 3 == 2 && k < 3; ++k) ASSERT_EQ(ring_pop(*ring), next++);
  }
  EXPECT_EQ(next, 3 * std::uint64_t{kTaskCapacity});
}

TEST(PoolRing, goes_on_after_a_push_that_was_cut_short) {
  auto ring = std::make_unique<RingShared>();
  std::uint64_t next = 0;
  // In each lap, and at its ends.
  for (std::uint64_t i = 0; i < 3 * kTaskCapacity; ++i) {
    ring_write(*ring, i);
    if (i % 7 != 0 && (i + 1) % kTaskCapacity != 0) ring_count(*ring);
    ASSERT_EQ(ring_pop(*ring), next++);
    ASSERT_EQ(ring_pop(*ring), std::nullopt);
    ring_repair(*ring);
  }
}

TEST(PoolRing, carries_what_was_written_before_the_push) {
  constexpr std::uint64_t kEntries = 200'000;
  auto ring = std::make_unique<RingShared>();
  // Plain memory that only the ring's order protects.
  std::vector<std::uint64_t> payload(kTaskCapacity);
  std::atomic<std::uint64_t> taken{0};
  std::thread consumer([&] {
    for (std::uint64_t expected = 0; expected < kEntries;) {
      auto entry = ring_pop(*ring);
      if (!entry) {
        std::this_thread::yield();
        continue;
      }
      ASSERT_EQ(*entry, expected);
      ASSERT_EQ(payload[*entry % kTaskCapacity], expected * 3);
      taken.store(++expected, std::memory_order_release);
    }
  });
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    while (i - taken.load(std::memory_order_acquire) >= kTaskCapacity) std::this_thread::yield();
    payload[i % kTaskCapacity] = i * 3;
    ring_push(*ring, i);
  }
  consumer.join();
}

TEST(PoolRing, gives_each_entry_to_one_of_several_takers_in_order) {
  constexpr std::uint64_t kEntries = 100'000;
  constexpr int kTakers = 3;
  auto ring = std::make_unique<RingShared>();
  std::vector<std::vector<std::uint64_t>> taken(kTakers);
  std::atomic<std::uint64_t> sum{0};
  std::vector<std::thread> takers;
  for (auto& mine : taken)
    takers.emplace_back([&] {
      while (sum.load(std::memory_order_relaxed) < kEntries) {
        auto front = ring_front(*ring);
        if (!front) {
          std::this_thread::yield();
          continue;
        }
        if (!ring_take(*ring, front->place)) continue;
        EXPECT_EQ(front->value, front->place);
        mine.push_back(front->value);
        sum.fetch_add(1, std::memory_order_relaxed);
      }
    });
  std::uint64_t seen = 0;
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    while (ring_is_full(*ring, seen)) std::this_thread::yield();
    ring_push(*ring, i);
  }
  for (auto& taker : takers) taker.join();
  std::vector<int> times(kEntries);
  for (auto& mine : taken) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    for (std::uint64_t entry : mine) ++times[entry];
  }
  EXPECT_EQ(std::count(times.begin(), times.end(), 1), static_cast<std::ptrdiff_t>(kEntries));
}

TEST(PoolRing, is_full_when_a_push_would_overwrite_what_waits) {
  auto ring = std::make_unique<RingShared>();
  std::uint64_t seen = 0;
  for (std::uint64_t i = 0; i < kTaskCapacity; ++i) {
    EXPECT_FALSE(ring_is_full(*ring, seen));
    ring_push(*ring, i);
  }
  EXPECT_TRUE(ring_is_full(*ring, seen));
  EXPECT_EQ(ring_length(*ring), kTaskCapacity);
  EXPECT_FALSE(ring_take(*ring, 1)) << "not the oldest";
  EXPECT_TRUE(ring_take(*ring, 0));
  EXPECT_FALSE(ring_take(*ring, 0)) << "twice";
  EXPECT_FALSE(ring_is_full(*ring, seen));
}

TEST(PoolRing, names_no_two_maps_alike_and_leaves_its_own_bit_free) {
  std::vector<std::uint64_t> numbers;
  for (int bit = 0; bit < 57; ++bit)
    for (std::uint32_t slot : {0u, 1u, kMaxJobs - 1}) {
      std::uint64_t number = job_number(std::uint64_t{1} << bit, slot);
      EXPECT_EQ(number & (kLapBit | kJobEntry), 0u) << bit;
      EXPECT_EQ(number % kMaxJobs, slot);
      numbers.push_back(number);
    }
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
}

TEST(TaskWord, packs_and_unpacks_every_part) {
  for (std::uint32_t generation : {0u, 1u, 0x7fffffffu})
    for (auto phase : {TaskPhase::free, TaskPhase::queued, TaskPhase::running, TaskPhase::done})
      for (std::uint32_t worker : {0u, 1u, kMaxPoolWorkers - 1}) {
        auto state = TaskState::unpack(TaskState{generation, phase, worker}.pack());
        EXPECT_EQ(state.generation, generation);
        EXPECT_EQ(state.phase, phase);
        EXPECT_EQ(state.worker, worker);
      }
}

TEST(TaskWord, lets_exactly_one_of_several_claim_a_task) {
  constexpr std::uint32_t kTasks = 20'000;
  constexpr int kWorkers = 4;
  auto record = std::make_unique<TaskRecord>();
  std::atomic<std::uint32_t> offered{0};
  std::atomic<std::uint32_t> done{0};
  std::vector<std::uint32_t> claims(kTasks + 1);
  std::vector<std::thread> workers;
  for (int w = 0; w < kWorkers; ++w)
    workers.emplace_back([&, w] {
      while (done.load(std::memory_order_acquire) < kTasks) {
        std::uint32_t generation = offered.load(std::memory_order_acquire);
        std::uint64_t queued = TaskState{generation, TaskPhase::queued, 0}.pack();
        if (generation == 0 ||
            !record->state.compare_exchange_strong(
                queued, TaskState{generation, TaskPhase::running, static_cast<std::uint32_t>(w)}.pack(),
                std::memory_order_acquire, std::memory_order_relaxed)) {
          std::this_thread::yield();
          continue;
        }
        ++claims[generation];  // plain memory: only the claimer may touch it
        record->state.store(TaskState{generation, TaskPhase::done, static_cast<std::uint32_t>(w)}.pack(),
                            std::memory_order_release);
        done.fetch_add(1, std::memory_order_release);
      }
    });
  for (std::uint32_t generation = 1; generation <= kTasks; ++generation) {
    record->state.store(TaskState{generation, TaskPhase::queued, 0}.pack(), std::memory_order_release);
    offered.store(generation, std::memory_order_release);
    while (TaskState::unpack(record->state.load(std::memory_order_acquire)).phase != TaskPhase::done)
      std::this_thread::yield();
  }
  for (auto& worker : workers) worker.join();
  for (std::uint32_t generation = 1; generation <= kTasks; ++generation)
    ASSERT_EQ(claims[generation], 1u) << generation;
}

}  // namespace
}  // namespace cohort::detail
