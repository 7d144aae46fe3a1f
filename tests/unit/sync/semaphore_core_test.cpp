// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Permits that are a number.
#include "sync/semaphore_core.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace cohort::sync {
namespace {

using namespace std::chrono_literals;

struct Permits {
  Permits(std::uint32_t value, std::uint32_t most) {
    body.value.store(value);
    body.most.store(most);
  }
  SemaphoreBody body;
};

TEST(SemaphoreCore, gives_as_many_permits_as_there_are) {
  Permits permits(2, 10);
  EXPECT_TRUE(SemaphoreCore::try_acquire(permits.body));
  EXPECT_EQ(SemaphoreCore::acquire(permits.body, Deadline::now()), Acquired::yes);
  EXPECT_FALSE(SemaphoreCore::try_acquire(permits.body));
  EXPECT_EQ(SemaphoreCore::acquire(permits.body, Deadline::now()), Acquired::timed_out);
  EXPECT_EQ(permits.body.value.load(), 0u);
}

TEST(SemaphoreCore, takes_back_no_more_than_it_may_hold) {
  Permits permits(8, 10);
  EXPECT_FALSE(SemaphoreCore::release(permits.body, this_thread(), 3));
  EXPECT_EQ(permits.body.value.load(), 8u) << "nothing was done";
  EXPECT_TRUE(SemaphoreCore::release(permits.body, this_thread(), 2));
  EXPECT_FALSE(SemaphoreCore::release(permits.body, this_thread(), UINT32_MAX));
  permits.body.value.store(11);
  EXPECT_FALSE(SemaphoreCore::release(permits.body, this_thread(), 0)) << "a value that cannot be";
}

TEST(SemaphoreCore, wakes_as_many_as_it_gives_permits) {
  Permits permits(0, 10);
  std::atomic<int> got{0};
  std::thread waiters[3];
  for (auto& waiter : waiters) {
    waiter = std::thread([&] { got += SemaphoreCore::acquire(permits.body, Deadline(30s)) == Acquired::yes; });
  }
  while ((permits.body.waiters.load() & park::kAsleep) == 0) std::this_thread::yield();
  EXPECT_TRUE(SemaphoreCore::release(permits.body, this_thread(), 3));
  for (auto& waiter : waiters) waiter.join();
  EXPECT_EQ(got, 3);
  EXPECT_EQ(permits.body.value.load(), 0u);
}

}  // namespace
}  // namespace cohort::sync
