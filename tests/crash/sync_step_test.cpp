// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process after each single instruction of what it does with a synchronization object, while others sleep on
// it, and looks whether the others go on.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "cohort/base/error.hpp"
#include "crash/single_step.hpp"
#include "family/family.hpp"
#include "object/handle_access.hpp"
#include "os/process.hpp"
#include "sync/lock_core.hpp"
#include "sync/owned_semaphore_core.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

struct Operation {
  std::function<void()> prepare = [] {};    ///< in the child, not stepped
  std::function<void()> run;                ///< in the child, stepped
  std::function<void()> meanwhile = [] {};  ///< in the parent, before the steps: others go to sleep
  std::function<void()> check;              ///< in the parent, after the death
  double seconds = 3;                       ///< as Steps takes it
};

void kill_at_every_instruction(const char* name, const Operation& operation) {
  if (!cohort::testing::may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
  cohort::testing::Steps steps(name, operation.seconds);
  while (steps.go_on()) {
    SCOPED_TRACE(steps.place());
    cohort::testing::Stepped child(operation.prepare, operation.run);
    operation.meanwhile();
    steps.kill(child);
    operation.check();
    // The slots of dead members are free again; and repairs run beside those of the waiters.
    if (steps.kills() % 64 == 0) family::Family::instance().sweep();
  }
  EXPECT_GT(steps.kills(), 20);
}

/// Threads that sleep on something and must come back.
class Sleepers {
 public:
  void start(int count, const std::function<void()>& body) {
    for (int i = 0; i < count; ++i) {
      tids_[i] = 0;
      threads_[i] = std::thread([this, i, body] {
        tids_[i] = os::thread_id();
        body();
      });
    }
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(eventually([&] { return tids_[i] != 0; }));
      ASSERT_TRUE(eventually([&] { return sleeps(tids_[i]); }));
    }
  }
  void join() {
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  ~Sleepers() { join(); }

 private:
  std::thread threads_[4];
  std::atomic<pid_t> tids_[4] = {};
};

template <class L>
void expect_usable(L& lock) {
  ASSERT_TRUE(lock.acquire(patience()));
  lock.mark_consistent();
  lock.release();
  EXPECT_FALSE(lock.locked());
}

template <class L>
void warm(L& lock) {
  lock.acquire();
  lock.release();
}

TEST(SyncStep, a_lock_may_be_cut_off_anywhere) {
  Lock lock;
  kill_at_every_instruction("Lock acquire and release", {.prepare = [&] { warm(lock); },
                                                         .run =
                                                             [&] {
                                                               lock.acquire();
                                                               lock.release();
                                                             },
                                                         .check = [&] { expect_usable(lock); }});
}

TEST(SyncStep, a_recursive_lock_may_be_cut_off_anywhere) {
  RLock lock;
  kill_at_every_instruction("RLock, two levels", {.prepare = [&] { warm(lock); },
                                                  .run =
                                                      [&] {
                                                        lock.acquire();
                                                        lock.acquire();
                                                        lock.release();
                                                        lock.release();
                                                      },
                                                  .check = [&] { expect_usable(lock); }});
}

TEST(SyncStep, a_release_may_be_cut_off_anywhere_while_others_sleep) {
  Lock lock;
  Sleepers sleepers;
  std::atomic<int> taken{0};
  kill_at_every_instruction("Lock release, 2 asleep", {.prepare = [&] { lock.acquire(); },
                                                       .run = [&] { lock.release(); },
                                                       .meanwhile =
                                                           [&] {
                                                             taken = 0;
                                                             sleepers.start(2, [&] {
                                                               if (!lock.acquire(patience())) return;
                                                               ++taken;
                                                               lock.release();
                                                             });
                                                           },
                                                       .check =
                                                           [&] {
                                                             sleepers.join();
                                                             EXPECT_EQ(taken, 2);
                                                             expect_usable(lock);
                                                           }});
}

TEST(SyncStep, a_waiter_may_be_cut_off_anywhere) {
  Lock lock;
  kill_at_every_instruction("Lock acquire, held by another, until a deadline",
                            {.prepare = [&] { warm(lock); },
                             .run = [&] { (void)lock.acquire(Deadline(2ms)); },
                             .meanwhile = [&] { lock.acquire(); },
                             .check =
                                 [&] {
                                   EXPECT_TRUE(lock.owned());
                                   lock.release();
                                   expect_usable(lock);
                                 }});
}

// What a releaser leaves that died before it woke anybody: a free lock, and two who sleep.
TEST(SyncStep, an_acquire_and_a_release_may_be_cut_off_anywhere_while_others_sleep) {
  Lock lock;
  Sleepers sleepers;
  std::atomic<int> taken{0};
  auto* body = static_cast<sync::LockBody*>(detail::HandleAccess::body(lock));
  kill_at_every_instruction("Lock acquire and release, 2 asleep", {.prepare = [&] { warm(lock); },
                                                                   .run =
                                                                       [&] {
                                                                         lock.acquire();
                                                                         lock.release();
                                                                       },
                                                                   .meanwhile =
                                                                       [&] {
                                                                         taken = 0;
                                                                         lock.acquire();
                                                                         sleepers.start(2, [&] {
                                                                           if (!lock.acquire(patience())) return;
                                                                           ++taken;
                                                                           lock.release();
                                                                         });
                                                                         body->owner.store(sync::kFree);
                                                                       },
                                                                   .check =
                                                                       [&] {
                                                                         sleepers.join();
                                                                         EXPECT_EQ(taken, 2);
                                                                         expect_usable(lock);
                                                                       }});
}

// One of those who sleep gives up, or dies; the other one has the lock once it is released.
TEST(SyncStep, a_waiter_may_be_cut_off_anywhere_beside_another) {
  Lock lock;
  Sleepers sleepers;
  std::atomic<int> taken{0};
  kill_at_every_instruction("Lock acquire until a deadline, another asleep",
                            {.prepare = [&] { warm(lock); },
                             .run = [&] { (void)lock.acquire(Deadline(2ms)); },
                             .meanwhile =
                                 [&] {
                                   taken = 0;
                                   lock.acquire();
                                   sleepers.start(1, [&] {
                                     if (!lock.acquire(patience())) return;
                                     ++taken;
                                     lock.release();
                                   });
                                 },
                             .check =
                                 [&] {
                                   lock.release();
                                   sleepers.join();
                                   EXPECT_EQ(taken, 1);
                                   expect_usable(lock);
                                 },
                             .seconds = 0.6});
}

TEST(SyncStep, the_repair_of_a_lock_may_be_cut_off_anywhere) {
  Lock lock;
  Sleepers sleepers;
  std::atomic<int> told{0};
  auto* body = static_cast<sync::LockBody*>(detail::HandleAccess::body(lock));
  // The owner dies after the repairer: so the others sleep until then, and the repair does not ask who is dead.
  std::optional<Child> owner;
  auto make_owner = [&] {
    owner.emplace([&] {
      lock.acquire();
      sleep_for_ever();
    });
    ASSERT_TRUE(eventually([&] { return lock.locked(); }));
  };
  make_owner();
  std::uint64_t owner_word = 0;
  kill_at_every_instruction("repair of a lock, 1 asleep",
                            {.prepare =
                                 [&] {
                                   (void)lock.owned();
                                   owner_word = sync::LockCore::owner(*body);
                                 },
                             .run = [&] { (void)sync::LockCore::release_dead(*body, sync::this_thread(), owner_word); },
                             .meanwhile =
                                 [&] {
                                   told = 0;
                                   sleepers.start(1, [&] {
                                     if (!lock.acquire(patience())) return;
                                     told += lock.owner_died();
                                     lock.release();
                                   });
                                 },
                             .check =
                                 [&] {
                                   owner.reset();
                                   sleepers.join();
                                   EXPECT_EQ(told, 1) << "a death may not be forgotten";
                                   expect_usable(lock);
                                   make_owner();
                                 }});
}

TEST(SyncStep, a_take_over_may_be_cut_off_anywhere) {
  Lock lock;
  auto* body = static_cast<sync::LockBody*>(detail::HandleAccess::body(lock));
  kill_at_every_instruction("Lock acquire from a dead owner",
                            {.prepare =
                                 [&] {
                                   warm(lock);
                                   sync::ThreadWord dead = sync::ThreadWord::unpack(sync::this_thread().word);
                                   dead.slot = 4000;
                                   body->owner.store(dead.pack());
                                 },
                             .run =
                                 [&] {
                                   lock.acquire();
                                   lock.release();
                                 },
                             .check =
                                 [&] {
                                   ASSERT_TRUE(lock.acquire(patience()));
                                   EXPECT_TRUE(lock.owner_died());
                                   lock.release();
                                   expect_usable(lock);
                                 }});
}

TEST(SyncStep, a_semaphore_may_be_cut_off_anywhere_while_others_sleep) {
  Semaphore semaphore(0);
  Sleepers sleepers;
  std::atomic<int> taken{0};
  kill_at_every_instruction("Semaphore release of 2, 2 asleep",
                            {.prepare = [&] { (void)semaphore.try_acquire(); },
                             .run = [&] { semaphore.release(2); },
                             .meanwhile =
                                 [&] {
                                   taken = 0;
                                   sleepers.start(2, [&] { taken += semaphore.acquire(patience()); });
                                 },
                             .check =
                                 [&] {
                                   // Enough for all; what the dead one released, both or none, is left over.
                                   semaphore.release(2);
                                   sleepers.join();
                                   EXPECT_EQ(taken, 2);
                                   int left = semaphore.get_value();
                                   EXPECT_TRUE(left == 0 || left == 2) << left;
                                   while (semaphore.try_acquire()) {}
                                 }});
}

TEST(SyncStep, an_acquire_of_a_semaphore_may_be_cut_off_anywhere) {
  Semaphore semaphore(1);
  kill_at_every_instruction("Semaphore acquire", {.prepare =
                                                      [&] {
                                                        semaphore.acquire();
                                                        semaphore.release();
                                                      },
                                                  .run = [&] { semaphore.acquire(); },
                                                  .check =
                                                      [&] {
                                                        if (semaphore.get_value() == 0) semaphore.release();
                                                        EXPECT_EQ(semaphore.get_value(), 1);
                                                      }});
}

TEST(SyncStep, an_acquire_of_a_semaphore_may_be_cut_off_anywhere_beside_another) {
  Semaphore semaphore(0);
  Sleepers sleepers;
  std::atomic<int> taken{0};
  kill_at_every_instruction("Semaphore acquire until a deadline, another asleep",
                            {.prepare = [&] { (void)semaphore.try_acquire(); },
                             .run = [&] { (void)semaphore.acquire(2ms); },
                             .meanwhile =
                                 [&] {
                                   taken = 0;
                                   sleepers.start(1, [&] { taken += semaphore.acquire(patience()); });
                                 },
                             .check =
                                 [&] {
                                   semaphore.release();
                                   sleepers.join();
                                   EXPECT_EQ(taken, 1);
                                   EXPECT_EQ(semaphore.get_value(), 0);
                                 }});
}

TEST(SyncStep, the_setting_of_an_event_may_be_cut_off_anywhere_while_others_sleep) {
  Event event;
  Sleepers sleepers;
  kill_at_every_instruction("Event set, 2 asleep",
                            {.prepare = [&] { (void)event.wait(Deadline::now()); },
                             .run = [&] { event.set(); },
                             .meanwhile = [&] { sleepers.start(2, [&] { EXPECT_TRUE(event.wait(patience())); }); },
                             .check =
                                 [&] {
                                   // Set, and then nobody need do anything; or not set.
                                   if (!event.is_set()) event.set();
                                   sleepers.join();
                                   event.clear();
                                 }});
}

TEST(SyncStep, a_notifier_may_be_cut_off_anywhere_while_others_sleep) {
  Condition condition;
  Sleepers sleepers;
  std::atomic<int> notified{0};
  kill_at_every_instruction("Condition notify, 2 asleep", {.prepare =
                                                               [&] {
                                                                 condition.acquire();
                                                                 condition.release();
                                                               },
                                                           .run =
                                                               [&] {
                                                                 condition.acquire();
                                                                 condition.notify(1);
                                                                 condition.release();
                                                               },
                                                           .meanwhile =
                                                               [&] {
                                                                 notified = 0;
                                                                 sleepers.start(2, [&] {
                                                                   std::scoped_lock guard(condition);
                                                                   notified += condition.wait(patience());
                                                                 });
                                                                 ASSERT_TRUE(eventually([&] {
                                                                   std::scoped_lock guard(condition);
                                                                   return condition.n_waiting() == 2;
                                                                 }));
                                                               },
                                                           .check =
                                                               [&] {
                                                                 ASSERT_TRUE(condition.acquire(patience()));
                                                                 condition.mark_consistent();
                                                                 condition.notify_all();
                                                                 condition.release();
                                                                 sleepers.join();
                                                                 EXPECT_EQ(notified, 2);
                                                               }});
}

TEST(SyncStep, a_waiter_on_a_condition_may_be_cut_off_anywhere) {
  Condition condition;
  std::atomic<bool> waits{false};
  Sleepers sleepers;
  std::atomic<int> notified{0};
  kill_at_every_instruction("Condition wait until a deadline, notified",
                            {.prepare =
                                 [&] {
                                   condition.acquire();
                                   (void)condition.wait(Deadline::now());
                                   condition.release();
                                 },
                             .run =
                                 [&] {
                                   condition.acquire();
                                   (void)condition.wait(Deadline::now());
                                   condition.release();
                                 },
                             .check =
                                 [&] {
                                   notified = 0;
                                   waits = false;
                                   sleepers.start(1, [&] {
                                     std::scoped_lock guard(condition);
                                     waits = true;
                                     notified += condition.wait(patience());
                                   });
                                   // One notification suffices for the one who lives, dead waiters or not.
                                   ASSERT_TRUE(eventually([&] { return waits.load(); }));
                                   ASSERT_TRUE(condition.acquire(patience()));
                                   condition.notify(1);
                                   condition.release();
                                   sleepers.join();
                                   EXPECT_EQ(notified, 1);
                                   std::scoped_lock guard(condition);
                                   EXPECT_EQ(condition.n_waiting(), 0);
                                 }});
}

TEST(SyncStep, a_party_may_be_cut_off_anywhere) {
  Barrier barrier(2);
  Sleepers sleepers;
  std::atomic<int> outcome{0};
  int passed = 0;
  int broken = 0;
  kill_at_every_instruction("Barrier wait as the last, 1 asleep",
                            {.prepare = [&] { (void)barrier.broken(); },
                             .run = [&] { (void)barrier.wait(); },
                             .meanwhile =
                                 [&] {
                                   sleepers.start(1, [&] {
                                     try {
                                       barrier.wait(patience());
                                       outcome = 1;
                                     } catch (const BrokenBarrierError&) { outcome = 2; }
                                   });
                                 },
                             .check =
                                 [&] {
                                   // Dead before it came: nobody can know that it would have; who waits times out.
                                   if (barrier.n_waiting() == 1) barrier.abort();
                                   sleepers.join();
                                   (outcome == 1 ? passed : broken) += 1;
                                   // Who dies after the meeting, but in wait(), may break the next one.
                                   EXPECT_TRUE(barrier.broken() || outcome == 1);
                                   barrier.reset();
                                   std::thread other([&] { EXPECT_NO_THROW(barrier.wait(patience())); });
                                   EXPECT_NO_THROW(barrier.wait(patience()));
                                   other.join();
                                 }});
  EXPECT_GT(passed, 0);
  EXPECT_GT(broken, 0);
}

TEST(SyncStep, a_reader_and_a_writer_may_be_cut_off_anywhere) {
  SharedMutex mutex;
  auto warm_both = [&] {
    mutex.lock();
    mutex.unlock();
    mutex.lock_shared();
    mutex.unlock_shared();
  };
  auto check = [&] {
    ASSERT_TRUE(mutex.acquire(patience()));
    mutex.mark_consistent();
    mutex.release();
    ASSERT_TRUE(mutex.acquire_shared(patience()));
    mutex.release_shared();
  };
  kill_at_every_instruction("SharedMutex read", {.prepare = warm_both,
                                                 .run =
                                                     [&] {
                                                       mutex.lock_shared();
                                                       mutex.unlock_shared();
                                                     },
                                                 .check = check});
  kill_at_every_instruction("SharedMutex write", {.prepare = warm_both,
                                                  .run =
                                                      [&] {
                                                        mutex.lock();
                                                        mutex.unlock();
                                                      },
                                                  .check = check});
}

TEST(SyncStep, a_reader_that_leaves_may_be_cut_off_anywhere_while_a_writer_sleeps) {
  SharedMutex mutex;
  Sleepers sleepers;
  std::atomic<int> taken{0};
  kill_at_every_instruction("SharedMutex unlock_shared, a writer asleep", {.prepare = [&] { mutex.lock_shared(); },
                                                                           .run = [&] { mutex.unlock_shared(); },
                                                                           .meanwhile =
                                                                               [&] {
                                                                                 taken = 0;
                                                                                 sleepers.start(1, [&] {
                                                                                   if (!mutex.acquire(patience()))
                                                                                     return;
                                                                                   ++taken;
                                                                                   mutex.release();
                                                                                 });
                                                                               },
                                                                           .check =
                                                                               [&] {
                                                                                 sleepers.join();
                                                                                 EXPECT_EQ(taken, 1);
                                                                                 ASSERT_TRUE(mutex.acquire(patience()));
                                                                                 mutex.release();
                                                                               }});
}

TEST(SyncStep, a_writer_that_leaves_may_be_cut_off_anywhere_while_a_reader_and_a_writer_sleep) {
  SharedMutex mutex;
  Sleepers sleepers;
  std::atomic<int> taken{0};
  std::atomic<int> turn{0};
  kill_at_every_instruction("SharedMutex unlock, a reader and a writer asleep",
                            {.prepare = [&] { mutex.lock(); },
                             .run = [&] { mutex.unlock(); },
                             .meanwhile =
                                 [&] {
                                   taken = turn = 0;
                                   sleepers.start(2, [&] {
                                     bool writes = turn++ == 0;
                                     if (!(writes ? mutex.acquire(patience()) : mutex.acquire_shared(patience())))
                                       return;
                                     ++taken;
                                     if (writes) mutex.mark_consistent();
                                     writes ? mutex.release() : mutex.release_shared();
                                   });
                                 },
                             .check =
                                 [&] {
                                   sleepers.join();
                                   EXPECT_EQ(taken, 2);
                                   ASSERT_TRUE(mutex.acquire(patience()));
                                   mutex.mark_consistent();
                                   mutex.release();
                                 }});
}

constexpr SemaphoreOptions kOwned{.on_owner_death = OwnerDeath::report};

// Whoever has died, all permits come back, and there is none too many.
void expect_permits(Semaphore& semaphore, int count) {
  for (int i = 0; i < count; ++i) ASSERT_TRUE(semaphore.acquire(patience()));
  EXPECT_FALSE(semaphore.try_acquire());
  semaphore.mark_consistent();
  semaphore.release(count);
  EXPECT_EQ(semaphore.get_value(), count);
}

TEST(SyncStep, the_owner_of_a_permit_may_be_cut_off_anywhere) {
  Semaphore semaphore(2, kOwned);
  auto use = [&] {
    semaphore.acquire();
    semaphore.release();
  };
  kill_at_every_instruction("Semaphore with owners, acquire and release",
                            {.prepare = use, .run = use, .check = [&] { expect_permits(semaphore, 2); }});
}

TEST(SyncStep, the_owner_of_permits_may_be_cut_off_anywhere_while_others_sleep) {
  Semaphore semaphore(2, kOwned);
  Sleepers sleepers;
  std::atomic<int> taken{0};
  kill_at_every_instruction("Semaphore with owners, release of 2, 2 asleep",
                            {.prepare =
                                 [&] {
                                   semaphore.acquire();
                                   semaphore.acquire();
                                 },
                             .run = [&] { semaphore.release(2); },
                             .meanwhile =
                                 [&] {
                                   taken = 0;
                                   sleepers.start(2, [&] { taken += semaphore.acquire(patience()); });
                                 },
                             .check =
                                 [&] {
                                   // Nobody need do anything: what was not released comes back.
                                   sleepers.join();
                                   EXPECT_EQ(taken, 2);
                                   semaphore.release(2);
                                   expect_permits(semaphore, 2);
                                 }});
}

TEST(SyncStep, a_take_over_of_a_permit_may_be_cut_off_anywhere) {
  Semaphore semaphore(1, kOwned);
  auto* body = static_cast<sync::SemaphoreBody*>(detail::HandleAccess::body(semaphore));
  auto* owner = reinterpret_cast<std::atomic<std::uint64_t>*>(body + 1);
  kill_at_every_instruction("Semaphore with owners, acquire from a dead one",
                            {.prepare =
                                 [&] {
                                   semaphore.acquire();
                                   semaphore.release();
                                   owner->store(family::MemberId{4000, 1}.pack());
                                 },
                             .run =
                                 [&] {
                                   semaphore.acquire();
                                   semaphore.release();
                                 },
                             .check =
                                 [&] {
                                   ASSERT_TRUE(semaphore.acquire(patience()));
                                   EXPECT_TRUE(semaphore.owner_died());
                                   semaphore.release();
                                   expect_permits(semaphore, 1);
                                 }});
}

TEST(SyncStep, the_repair_of_a_permit_may_be_cut_off_anywhere) {
  Semaphore semaphore(2, kOwned);
  auto* body = static_cast<sync::SemaphoreBody*>(detail::HandleAccess::body(semaphore));
  auto* owners = reinterpret_cast<std::atomic<std::uint64_t>*>(body + 1);
  std::uint64_t dead = family::MemberId{4000, 1}.pack();
  kill_at_every_instruction(
      "Semaphore with owners, repair of two permits",
      {.prepare =
           [&] {
             (void)semaphore.get_value();
             for (int i : {0, 1}) owners[i].store(dead);
           },
       .run = [&] { (void)sync::OwnedSemaphoreCore::release_dead(*body, sync::this_thread(), dead); },
       .check =
           [&] {
             ASSERT_TRUE(semaphore.acquire(patience()));
             EXPECT_TRUE(semaphore.owner_died()) << "a death may not be forgotten";
             semaphore.release();
             expect_permits(semaphore, 2);
           }});
}

}  // namespace
}  // namespace cohort::test
