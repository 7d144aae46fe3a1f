// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Processes that use synchronization objects together and are killed at random moments.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>
#include <cstdio>
#include <deque>
#include <random>

#include "cohort/base/error.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

unsigned seed() {
  if (const char* text = std::getenv("COHORT_TEST_SEED")) return static_cast<unsigned>(std::atol(text));
  return std::random_device{}();
}

/// What the children write, beside the objects.
struct Tally {
  std::atomic<std::uint64_t> inside{0};  ///< who is in the critical section; more than one is the failure looked for
  std::atomic<std::uint64_t> doubled{0};
  std::atomic<std::uint64_t> rounds{0};
};

class SharedTally {
 public:
  SharedTally()
      : tally_(new(::mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Tally) {}
  SharedTally(const SharedTally&) = delete;
  SharedTally& operator=(const SharedTally&) = delete;
  ~SharedTally() { ::munmap(tally_, sizeof(Tally)); }
  Tally* operator->() const { return tally_; }

 private:
  Tally* tally_;
};

/// Keeps `count` children at `work` for `time`, killing one after the other at random moments. Returns the kills.
template <class Work>
int hammer(int count, std::chrono::milliseconds time, Work&& work) {
  unsigned number = seed();
  std::printf("seed %u\n", number);
  std::mt19937 random(number);
  std::deque<std::optional<Child>> children(static_cast<std::size_t>(count));
  Deadline until(time);
  int kills = 0;
  while (!until.expired()) {
    auto& child = children[random() % children.size()];
    if (child) ++kills;
    child.reset();
    child.emplace([&] {
      while (true) work();
    });
    ::usleep(static_cast<unsigned>(random() % 3000));
  }
  return kills;
}

// In the critical section: one at a time, unless the one before died in there.
template <class L>
void be_inside(L& lock, Tally& tally) {
  auto me = static_cast<std::uint64_t>(::getpid());
  if (tally.inside.exchange(me) != 0 && !lock.owner_died()) ++tally.doubled;
  if (lock.owner_died()) lock.mark_consistent();
  for (int i = 0; i < 20; ++i)
    if (tally.inside.load() != me) ++tally.doubled;
  tally.inside.store(0);
  ++tally.rounds;
}

template <class L>
void hammer_lock() {
  L lock;
  SharedTally tally;
  int kills = hammer(4, std::chrono::seconds(5), [&] {
    lock.acquire();
    be_inside(lock, *tally.operator->());
    lock.release();
  });
  std::printf("%d kills, %llu rounds\n", kills, static_cast<unsigned long long>(tally->rounds.load()));
  EXPECT_EQ(tally->doubled, 0U) << "two were inside at once, or a death was not told";
  EXPECT_GT(tally->rounds, 1000U);
  ASSERT_TRUE(lock.acquire(patience()));
  lock.release();
}

TEST(SyncHammer, a_lock_survives_random_kills) { hammer_lock<Lock>(); }
TEST(SyncHammer, a_recursive_lock_survives_random_kills) { hammer_lock<RLock>(); }

TEST(SyncHammer, a_shared_mutex_survives_random_kills) {
  SharedMutex mutex;
  SharedTally tally;
  int kills = hammer(4, std::chrono::seconds(5), [&] {
    if (::getpid() % 2 == 0) {
      mutex.lock();
      be_inside(mutex, *tally.operator->());
      mutex.unlock();
    } else {
      mutex.lock_shared();
      if (tally->inside.load() != 0 && !mutex.owner_died()) ++tally->doubled;
      mutex.unlock_shared();
    }
  });
  std::printf("%d kills, %llu rounds\n", kills, static_cast<unsigned long long>(tally->rounds.load()));
  EXPECT_EQ(tally->doubled, 0U);
  ASSERT_TRUE(mutex.acquire(patience()));
  mutex.release();
  ASSERT_TRUE(mutex.acquire_shared(patience()));
  mutex.release_shared();
}

TEST(SyncHammer, a_condition_survives_random_kills) {
  Condition condition;
  SharedTally tally;
  int kills = hammer(5, std::chrono::seconds(5), [&] {
    std::scoped_lock guard(condition);
    if (condition.owner_died()) condition.mark_consistent();
    if (::getpid() % 2 == 0)
      tally->rounds += condition.wait(std::chrono::milliseconds(20));
    else
      condition.notify(1 + ::getpid() % 3);
  });
  std::printf("%d kills, %llu notifications\n", kills, static_cast<unsigned long long>(tally->rounds.load()));
  // Whatever is left there: one who waits now is notified by one notification.
  std::atomic<bool> notified{false};
  std::thread waiter([&] {
    std::scoped_lock guard(condition);
    notified = condition.wait(patience());
  });
  ASSERT_TRUE(eventually([&] {
    std::scoped_lock guard(condition);
    condition.notify_all();
    return notified.load();
  }));
  waiter.join();
}

TEST(SyncHammer, a_barrier_survives_random_kills) {
  Barrier barrier(3);
  SharedTally tally;
  int kills = hammer(3, std::chrono::seconds(5), [&] {
    try {
      barrier.wait(std::chrono::milliseconds(500));
      ++tally->rounds;
    } catch (const BrokenBarrierError&) { barrier.reset(); }
  });
  std::printf("%d kills, %llu passed\n", kills, static_cast<unsigned long long>(tally->rounds.load()));
  barrier.reset();
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { EXPECT_NO_THROW(barrier.wait(patience())); });
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace cohort::test
