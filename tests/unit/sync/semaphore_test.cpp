// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/semaphore.hpp"

#include <mutex>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/process.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

TEST(Semaphore, counts_permits_and_may_have_more_than_at_first) {
  Semaphore semaphore(2);
  EXPECT_EQ(semaphore.get_value(), 2);
  EXPECT_TRUE(semaphore.acquire());
  EXPECT_TRUE(semaphore.acquire());
  EXPECT_EQ(semaphore.get_value(), 0);
  EXPECT_TRUE(semaphore.locked());
  EXPECT_FALSE(semaphore.acquire(Deadline::now()));
  EXPECT_FALSE(semaphore.acquire(-1s));
  EXPECT_FALSE(semaphore.try_acquire_for(2ms));
  EXPECT_FALSE(semaphore.try_acquire_until(std::chrono::system_clock::now()));
  for (int i = 0; i < 4; ++i) semaphore.release();
  EXPECT_EQ(semaphore.get_value(), 4);
  EXPECT_EQ(Semaphore().get_value(), 1);
}

TEST(Semaphore, may_be_released_by_anybody) {
  Semaphore semaphore(1);
  semaphore.acquire();
  std::thread([&] { semaphore.release(); }).join();
  EXPECT_TRUE(semaphore.try_acquire());
  Child child([&] { semaphore.release(); });
  EXPECT_TRUE(child.succeeded());
  EXPECT_TRUE(semaphore.try_acquire());
}

TEST(Semaphore, throws_when_it_would_have_too_many_permits) {
  Semaphore semaphore(2147483647);
  EXPECT_EQ(semaphore.max(), 2147483647);
  EXPECT_THROW(semaphore.release(), StateError);
  EXPECT_EQ(semaphore.get_value(), 2147483647);
  semaphore.acquire();
  EXPECT_THROW(semaphore.release(2), StateError);
  semaphore.release();
  EXPECT_THROW(semaphore.release(0), ValueError);
  EXPECT_THROW(Semaphore(-1), ValueError);
}

TEST(Semaphore, throws_when_its_handle_is_null) {
  Semaphore semaphore = Semaphore::null();
  EXPECT_THROW(semaphore.acquire(), ClosedError);
  EXPECT_THROW(semaphore.release(), ClosedError);
  EXPECT_THROW((void)semaphore.get_value(), ClosedError);
}

TEST(BoundedSemaphore, throws_when_released_more_often_than_acquired) {
  BoundedSemaphore semaphore(2);
  EXPECT_EQ(semaphore.max(), 2);
  EXPECT_THROW(semaphore.release(), StateError);
  semaphore.acquire();
  semaphore.release();
  EXPECT_THROW(semaphore.release(), StateError);
  EXPECT_EQ(semaphore.get_value(), 2);
}

TEST(Semaphore, works_as_a_guard) {
  Semaphore semaphore(1);
  {
    std::scoped_lock permit(semaphore);
    EXPECT_EQ(semaphore.get_value(), 0);
  }
  EXPECT_EQ(semaphore.get_value(), 1);
}

TEST(Semaphore, wakes_as_many_sleepers_as_permits_come) {
  Semaphore semaphore(0);
  std::atomic<int> passed{0};
  std::atomic<pid_t> tids[4] = {};
  std::vector<std::thread> threads;
  for (auto& tid : tids)
    threads.emplace_back([&] {
      tid = os::thread_id();
      EXPECT_TRUE(semaphore.acquire(patience()));
      ++passed;
    });
  for (auto& tid : tids) {
    ASSERT_TRUE(eventually([&] { return tid != 0; }));
    await_sleep(tid);
  }
  semaphore.release(3);
  ASSERT_TRUE(eventually([&] { return passed == 3; }));
  EXPECT_EQ(semaphore.get_value(), 0);
  semaphore.release();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(semaphore.get_value(), 0);
}

TEST(Semaphore, loses_no_permit_among_threads_that_come_and_go) {
  Semaphore semaphore(3);
  std::atomic<int> inside{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 3000; ++j) {
        bool got = i % 2 == 0 ? semaphore.acquire() : semaphore.acquire(std::chrono::microseconds(j % 50));
        if (!got) continue;
        EXPECT_LE(++inside, 3);
        --inside;
        semaphore.release();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(semaphore.get_value(), 3);
}

TEST(Semaphore, gives_the_permit_to_another_when_a_sleeper_is_stopped) {
  for (int round = 0; round < 20; ++round) {
    Semaphore semaphore(0);
    std::stop_source stop;
    std::atomic<int> passed{0};
    std::thread stopped([&] { passed += semaphore.acquire(stop.get_token()); });
    std::thread other([&] { passed += semaphore.acquire(patience()); });
    semaphore.release();
    stop.request_stop();
    semaphore.release();
    stopped.join();
    other.join();
    EXPECT_EQ(passed + semaphore.get_value(), 2);
    EXPECT_GE(passed, 1);
  }
}

TEST(Semaphore, goes_on_when_a_sleeper_is_killed) {
  Semaphore semaphore(0);
  for (int round = 0; round < 5; ++round) {
    Child child([&] { semaphore.acquire(); });
    await_sleep(child.pid());
    child.kill();
    std::thread other([&] { EXPECT_TRUE(semaphore.acquire(patience())); });
    semaphore.release();
    other.join();
  }
}

}  // namespace
}  // namespace cohort::test
