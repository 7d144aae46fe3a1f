// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process at each named point of the synchronization objects, in the midst of others that use them.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "base/crash_point.hpp"
#include "cohort/base/error.hpp"
#include "crash/family_support.hpp"
#include "crash/kill_rounds.hpp"
#include "family/family.hpp"
#include "object/handle_access.hpp"
#include "object/objects.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

/// One of each, as a family would share them.
struct Everything {
  Lock lock;
  RLock rlock;
  Semaphore semaphore{1};
  Semaphore owned{2, {.on_owner_death = OwnerDeath::report}};
  Event event;
  Condition condition;
  Condition crowded;
  Barrier barrier{2, [] {}};
  SharedMutex mutex;

  int turns = ::getpid() % 2;

  static std::chrono::microseconds moment() { return std::chrono::microseconds(300); }

  void use_locks() {
    lock.acquire();
    ::usleep(++turns % 2 == 0 ? 100 : 800);  // long enough for another to go to sleep, or to give up
    lock.release();
    if (lock.acquire(moment())) lock.release();
    { std::scoped_lock guard(rlock); }
    if (semaphore.acquire(std::chrono::milliseconds(2))) {
      ::usleep(100);
      semaphore.release();
    }
    if (owned.acquire(std::chrono::milliseconds(2))) {
      ::usleep(300);
      owned.release();
    }
    if (event.is_set())
      event.clear();
    else if (!event.wait(moment()))
      event.set();
  }
  void use_condition() {
    std::scoped_lock guard(condition);
    condition.notify(2);
    (void)condition.wait(std::chrono::milliseconds(2));
  }
  void use_barrier() {
    try {
      barrier.wait(std::chrono::milliseconds(5));
    } catch (const BrokenBarrierError&) { barrier.reset(); }
  }
  void use_mutex() {
    {
      std::shared_lock guard(mutex);
      ::usleep(50);
    }
    std::unique_lock guard(mutex);
    ::usleep(200);
  }
  void use() {
    use_locks();
    use_condition();
    use_barrier();
    use_mutex();
  }
  /// One who dies in the midst of something, so that others have to mend.
  void doom(int kind) {
    switch (kind % 6) {
      case 0: lock.acquire(); break;
      case 1: condition.acquire(); break;
      case 2:
        condition.acquire();
        condition.wait();
        break;
      case 3: mutex.lock_shared(); break;
      case 4:
        owned.acquire();
        owned.acquire();
        break;
      default:
        arm_crash_point("sync.barrier.arriving");
        barrier.wait();
        break;
    }
    sleep_for_ever();
  }
  /// Each is likely to find the lock held for longer than it waits.
  void contend() {
    lock.acquire();
    ::usleep(2000);
    lock.release();
    for (int i = 0; i < 3; ++i)
      if (lock.acquire(moment())) lock.release();
  }
  /// More waiters than the body has places for: the table grows.
  void crowd() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 40; ++i)
      threads.emplace_back([&] {
        std::scoped_lock guard(crowded);
        (void)crowded.wait(std::chrono::milliseconds(20));
      });
    for (auto& thread : threads) thread.join();
  }

  /// What must hold whoever has died.
  void expect_usable() {
    ASSERT_TRUE(lock.acquire(patience()));
    lock.release();
    ASSERT_TRUE(rlock.acquire(patience()));
    rlock.release();
    if (semaphore.get_value() == 0) semaphore.release();  // a dead process's permit is gone
    EXPECT_EQ(semaphore.get_value(), 1);
    EXPECT_EQ(owned.get_value(), 2) << "after the repair of all who died";
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(owned.acquire(patience()));
    EXPECT_FALSE(owned.try_acquire());
    owned.release(2);
    event.set();
    EXPECT_TRUE(event.wait(patience()));
    event.clear();
    for (Condition* one : {&condition, &crowded}) {
      bool notified = false;
      std::atomic<bool> waits{false};
      std::thread waiter([&] {
        std::scoped_lock guard(*one);
        waits = true;
        notified = one->wait(patience());
      });
      // From then on the lock is free only once it waits. Dead waiters cost it no notification.
      ASSERT_TRUE(eventually([&] { return waits.load(); }));
      {
        std::scoped_lock guard(*one);
        one->notify();
      }
      waiter.join();
      EXPECT_TRUE(notified);
    }
    ASSERT_TRUE(mutex.acquire(patience()));
    mutex.release();
    ASSERT_TRUE(mutex.acquire_shared(patience()));
    mutex.release_shared();
    barrier.reset();
    std::thread other([&] { EXPECT_NO_THROW(barrier.wait(patience())); });
    EXPECT_NO_THROW(barrier.wait(patience()));
    other.join();
  }
};

// One is killed at the point, in the midst of another who uses the same and of some who die in the middle. True when it
// was.
bool kill_at(const std::string& point, int hit, Everything& everything, std::chrono::milliseconds limit) {
  // What is rare in itself: the repairs, and the ends of waits.
  auto use = [&] {
    everything.use();
    if (point == "sync.condition.table_named") everything.crowd();
    if (point == "sync.lock.giving_up") everything.contend();
  };
  Child victim([&] {
    arm_crash_point(point, hit);
    for (int i = 0; i < 300; ++i) use();
  });
  Child other([&] {
    for (int i = 0; i < 400; ++i) point == "sync.lock.giving_up" ? everything.contend() : everything.use();
  });
  // Only who dies with the condition, or waiting for it, leaves it something to mend.
  bool mends = point == "sync.condition.mending";
  Deadline until(limit);
  std::optional<int> status;
  for (int kind = hit; !status && !until.expired(); ++kind) {
    Child doomed([&] { everything.doom(mends ? 1 + kind % 2 : kind); });
    ::usleep(3000);
    status = victim.poll();
  }
  victim.kill();
  other.kill();
  return status && WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL;
}

// One test a kind of object: they wait most of the time, so they run beside each other.
class SyncPoints : public ::testing::TestWithParam<const char*> {};

TEST_P(SyncPoints, each_death_leaves_everything_usable) {
  auto& family = family::Family::instance();
  {
    Everything first;  // what the process keeps from the first use on
    first.use();
    first.expect_usable();
  }
  family.sweep();
  auto before = family::testing::Balance::of(family);
  std::vector<std::string> points = crash_points();
  std::string room = std::string("sync.") + GetParam() + ".";
  std::erase_if(points, [&](const std::string& name) { return !name.starts_with(room); });
  ASSERT_FALSE(points.empty());
  const std::size_t count_of_points = points.size();
  std::map<std::string, int> deaths;
  cohort::testing::for_each_kill(points, {1, 2}, [&](const std::string& point, int hit, int round) {
    {
      // New ones each time: a condition's table grows only once.
      Everything everything;
      everything.use();  // its objects are made before anybody dies
      deaths[point] += kill_at(point, hit, everything, round == 0 ? 4s : 1s);
      family.sweep();
      everything.expect_usable();
    }
    family.sweep();
    EXPECT_STREQ(family.validate(), nullptr);
    EXPECT_EQ(family::testing::Balance::of(family), before);
  });
  std::size_t reached = 0;
  for (const auto& [point, count] : deaths) {
    std::printf("%4d %s\n", count, point.c_str());
    reached += count != 0;
  }
  EXPECT_GE(reached, count_of_points * 3 / 4);
}

INSTANTIATE_TEST_SUITE_P(Of, SyncPoints,
                         ::testing::Values("lock", "semaphore", "event", "condition", "barrier", "shared_mutex"),
                         [](const auto& room) { return std::string(room.param); });

// What makes a condition under a given lock, or a barrier with such an action, and dies meanwhile. The parcel with
// their references must go with the dead.
struct Counts {
  Lock lock;
  void operator()() const { (void)Lock(lock).locked(); }
};

struct DeathAt {
  const char* point;
  int hit;
  friend std::ostream& operator<<(std::ostream& out, const DeathAt& at) { return out << at.point << ' ' << at.hit; }
};

class SyncMakingPoints : public ::testing::TestWithParam<DeathAt> {};

TEST_P(SyncMakingPoints, a_death_leaves_no_parcel_and_no_object) {
  using family::testing::Balance;
  auto& family = family::Family::instance();
  Lock lock;
  family.sweep();
  Balance before = Balance::of(family);
  std::uint64_t locks = object::Objects(family).count(detail::ObjectKind::lock);
  std::string armed = GetParam().point;
  cohort::testing::for_each_kill({armed}, {GetParam().hit}, [&](const std::string& point, int hit, int round) {
    // Of static storage and not, in turn, as the hit of the first round says.
    Child maker([&] {
      arm_crash_point(point, round == 0 ? hit : GetParam().hit);
      Condition condition(lock);
      Barrier barrier(2, Counts{lock});
      static Condition on_first_use(lock);
      (void)on_first_use.id();
    });
    int status = maker.wait();
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    family::testing::expect_repaired(family, before);
  });
  EXPECT_EQ(object::Objects(family).count(detail::ObjectKind::lock), locks);
  EXPECT_EQ(object::Objects(family).count(detail::ObjectKind::condition), 0U);
  EXPECT_EQ(object::Objects(family).count(detail::ObjectKind::barrier), 0U);
  EXPECT_EQ(object::header_of(detail::HandleAccess::body(lock)).references.load(), 1U) << "this process's own";
}

INSTANTIATE_TEST_SUITE_P(Points, SyncMakingPoints,
                         ::testing::Values(DeathAt{"sync.condition.lock_held", 1},
                                           DeathAt{"sync.condition.lock_kept", 1},
                                           DeathAt{"sync.condition.lock_held", 2},  // of static storage
                                           DeathAt{"sync.condition.lock_kept", 2},
                                           DeathAt{"sync.barrier.action_held", 1},
                                           DeathAt{"sync.barrier.action_kept", 1}));

}  // namespace
}  // namespace cohort::test
