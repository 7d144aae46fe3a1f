// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/semaphore.hpp"

#include <deque>
#include <mutex>
#include <vector>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
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
  EXPECT_FALSE(semaphore.try_acquire(2ms));
  EXPECT_FALSE(semaphore.try_lock_until(std::chrono::system_clock::now()));
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
  Semaphore semaphore(null_handle);
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
    std::thread stopped([&] { passed += unless_stopped([&] { return semaphore.acquire(stop.get_token()); }); });
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

TEST(Semaphore, throws_at_a_stop_unless_it_only_tries) {
  for (OwnerDeath death : {OwnerDeath::ignore, OwnerDeath::report}) {
    Semaphore semaphore(1, {.on_owner_death = death});
    std::stop_source stop;
    stop.request_stop();
    EXPECT_TRUE(semaphore.try_acquire(stop.get_token()));  // a free permit is taken all the same
    EXPECT_FALSE(semaphore.try_acquire(stop.get_token()));
    EXPECT_FALSE(semaphore.try_acquire({stop.get_token(), patience()}));
    EXPECT_THROW(semaphore.acquire(stop.get_token()), Stopped);
    semaphore.release();
    EXPECT_EQ(semaphore.get_value(), 1);
  }
}

TEST(Semaphore, cannot_be_poisoned) {
  EXPECT_THROW(Semaphore(1, {.on_owner_death = OwnerDeath::poison}), ValueError);
  EXPECT_THROW(BoundedSemaphore(1, {.on_owner_death = OwnerDeath::poison}), ValueError);
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

// ---- permits with owners --------------------------------------------------------------------------------------------

constexpr SemaphoreOptions kOwned{.on_owner_death = OwnerDeath::report};

// Dies with `count` permits.
void die_with(Semaphore& semaphore, int count = 1) {
  Child child([&] {
    for (int i = 0; i < count; ++i) semaphore.acquire();
    ::raise(SIGKILL);
  });
  int status = child.wait();
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
}

TEST(OwnedSemaphore, gives_a_dead_owners_permit_to_the_next_and_tells) {
  Semaphore semaphore(1, kOwned);
  EXPECT_FALSE(semaphore.owner_died());
  die_with(semaphore);
  EXPECT_EQ(semaphore.get_value(), 0);
  ASSERT_TRUE(semaphore.acquire(patience()));
  EXPECT_TRUE(semaphore.owner_died());
  semaphore.mark_consistent();
  semaphore.release();
  ASSERT_TRUE(semaphore.acquire());
  EXPECT_FALSE(semaphore.owner_died());
  semaphore.release();
  EXPECT_EQ(semaphore.get_value(), 1);
}

TEST(OwnedSemaphore, gives_it_also_to_one_who_only_tries) {
  Semaphore semaphore(2, kOwned);
  die_with(semaphore, 2);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(eventually([&] { return semaphore.try_acquire(); }));
  EXPECT_TRUE(semaphore.owner_died());
}

TEST(OwnedSemaphore, gives_it_to_those_who_sleep_already) {
  Semaphore semaphore(2, kOwned);
  Child owner([&] {
    semaphore.acquire();
    semaphore.acquire();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return semaphore.locked(); }));
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&] { taken += semaphore.acquire(patience()); });
  owner.kill();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, 2);
}

TEST(OwnedSemaphore, belongs_to_the_process_and_any_of_its_threads_may_release) {
  Semaphore semaphore(3, kOwned);
  semaphore.acquire();
  semaphore.acquire();
  std::thread([&] { semaphore.release(); }).join();
  EXPECT_EQ(semaphore.get_value(), 2);
  Child copy([&] {
    // A copy of the process has none of its permits.
    EXPECT_THROW(semaphore.release(), StateError);
    EXPECT_THROW(semaphore.mark_consistent(), StateError);
    semaphore.acquire();
    semaphore.release();
    if (::testing::Test::HasFailure()) ::_exit(1);
  });
  EXPECT_TRUE(copy.succeeded());
  EXPECT_THROW(semaphore.release(2), StateError);
  EXPECT_EQ(semaphore.get_value(), 2) << "nothing was done";
  semaphore.acquire();
  semaphore.release(2);
  EXPECT_EQ(semaphore.get_value(), 3);
  EXPECT_THROW(semaphore.release(), StateError);
  EXPECT_EQ(semaphore.get_value(), 3);
  EXPECT_FALSE(semaphore.owner_died());
}

TEST(OwnedSemaphore, has_from_1_to_1024_permits_and_never_more) {
  EXPECT_THROW(Semaphore(0, kOwned), ValueError);
  EXPECT_THROW(Semaphore(-1, kOwned), ValueError);
  EXPECT_THROW(Semaphore(1025, kOwned), ValueError);
  EXPECT_THROW(BoundedSemaphore(0, kOwned), ValueError);
  BoundedSemaphore most(1024, kOwned);
  EXPECT_EQ(most.max(), 1024);
  EXPECT_EQ(most.get_value(), 1024);
  for (int i = 0; i < 1024; ++i) ASSERT_TRUE(most.try_acquire());
  EXPECT_FALSE(most.try_acquire());
  EXPECT_FALSE(most.acquire(3ms));
  most.release(1024);
  EXPECT_EQ(most.get_value(), 1024);
  EXPECT_THROW(most.release(0), ValueError);
}

TEST(OwnedSemaphore, finds_the_dead_one_among_many_owners) {
  // More than one look asks for.
  constexpr int kOwners = 40;
  Semaphore semaphore(kOwners, kOwned);
  std::deque<Child> owners;
  for (int i = 0; i < kOwners; ++i) {
    owners.emplace_back([&] {
      semaphore.acquire();
      sleep_for_ever();
    });
  }
  ASSERT_TRUE(eventually([&] { return semaphore.get_value() == 0; }));
  for (int dead : {0, 17, kOwners - 1}) {
    owners[static_cast<std::size_t>(dead)].kill();
    ASSERT_TRUE(semaphore.acquire(patience()));
  }
  EXPECT_FALSE(semaphore.acquire(20ms));
}

TEST(OwnedSemaphore, loses_no_permit_among_threads_and_processes_that_come_and_go) {
  Semaphore semaphore(3, kOwned);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 2000; ++j) {
        bool got = i % 2 == 0 ? semaphore.acquire() : semaphore.acquire(std::chrono::microseconds(j % 50));
        if (got) semaphore.release();
      }
    });
  for (int i = 0; i < 20; ++i) die_with(semaphore, 1 + i % 3);
  for (auto& thread : threads) thread.join();
  family::Family::instance().sweep();
  EXPECT_EQ(semaphore.get_value(), 3);
  EXPECT_TRUE(semaphore.owner_died());
}

TEST(OwnedSemaphore, is_released_by_one_who_leaves_with_a_permit) {
  Semaphore semaphore(1, kOwned);
  Child child([&] {
    semaphore.acquire();
    family::Family::leave();
  });
  ASSERT_TRUE(child.succeeded());
  EXPECT_EQ(semaphore.get_value(), 1);
  EXPECT_TRUE(semaphore.owner_died());
}

TEST(Semaphore, has_no_owners_unless_asked_for) {
  Semaphore semaphore(1);
  semaphore.acquire();
  EXPECT_FALSE(semaphore.owner_died());
  EXPECT_THROW(semaphore.mark_consistent(), StateError);
}

}  // namespace
}  // namespace cohort::test
