// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/lock.hpp"

#include <mutex>
#include <vector>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "os/process.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

template <class L>
struct EitherLock : testing::Test {};
using Locks = testing::Types<Lock, RLock>;
TYPED_TEST_SUITE(EitherLock, Locks);

// The words of the error that `call` throws.
template <class E, class F>
std::string error_of(F&& call) {
  try {
    call();
  } catch (const E& error) { return error.what(); }
  return "(no error)";
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TYPED_TEST(EitherLock, is_free_when_made_and_held_between_acquire_and_release) {
  TypeParam lock;
  EXPECT_FALSE(lock.locked());
  EXPECT_FALSE(lock.owner());
  EXPECT_TRUE(lock.acquire());
  EXPECT_TRUE(lock.locked());
  EXPECT_TRUE(lock.owned());
  EXPECT_EQ(lock.owner(), (LockOwner{::getpid(), os::thread_id()}));
  lock.release();
  EXPECT_FALSE(lock.locked());
  EXPECT_FALSE(lock.owned());
}

TYPED_TEST(EitherLock, keeps_other_threads_out) {
  TypeParam lock;
  lock.acquire();
  std::thread([&] {
    EXPECT_TRUE(lock.locked());
    EXPECT_FALSE(lock.owned());
    EXPECT_FALSE(lock.try_lock());
    EXPECT_FALSE(lock.acquire(Deadline::now()));
    EXPECT_FALSE(lock.acquire(-1s));
    auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(lock.acquire(20ms));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
    EXPECT_FALSE(lock.try_lock_until(std::chrono::system_clock::now() + 1ms));
  }).join();
  lock.release();
  std::thread([&] {
    EXPECT_TRUE(lock.try_lock_for(1s));
    lock.unlock();
  }).join();
}

TYPED_TEST(EitherLock, counts_right_with_threads_that_fight) {
  TypeParam lock;
  long count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 20000; ++j) {
        std::scoped_lock guard(lock);
        ++count;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 80000);
}

TYPED_TEST(EitherLock, wakes_a_sleeper) {
  TypeParam lock;
  lock.acquire();
  std::atomic<pid_t> tid{0};
  std::thread waiter([&] {
    tid = os::thread_id();
    EXPECT_TRUE(lock.acquire(patience()));
    lock.release();
  });
  ASSERT_TRUE(eventually([&] { return tid != 0; }));
  await_sleep(tid);
  lock.release();
  waiter.join();
}

TYPED_TEST(EitherLock, works_with_the_guards_of_the_standard_library) {
  TypeParam lock;
  TypeParam other;
  { std::scoped_lock guard(lock, other); }
  std::unique_lock<TypeParam> guard(lock, std::defer_lock);
  EXPECT_TRUE(guard.try_lock_for(1ms));
  guard.unlock();
  EXPECT_TRUE(guard.try_lock_until(std::chrono::steady_clock::now() + 1s));
  EXPECT_TRUE(lock.owned());
}

TYPED_TEST(EitherLock, throws_when_released_too_often) {
  TypeParam lock;
  EXPECT_TRUE(contains(error_of<StateError>([&] { lock.release(); }), "released too many times"));
  lock.acquire();
  lock.release();
  EXPECT_TRUE(contains(error_of<StateError>([&] { lock.release(); }), "released too many times"));
  EXPECT_TRUE(lock.acquire(Deadline::now()));
  lock.release();
}

TYPED_TEST(EitherLock, throws_when_another_thread_releases_and_names_the_semaphore) {
  TypeParam lock;
  lock.acquire();
  std::thread([&] {
    EXPECT_TRUE(contains(error_of<StateError>([&] { lock.release(); }), "Semaphore(1)"));
    EXPECT_THROW(lock.mark_consistent(), StateError);
  }).join();
  EXPECT_TRUE(lock.owned());
  lock.release();
}

TYPED_TEST(EitherLock, throws_when_its_handle_is_null) {
  TypeParam lock;
  TypeParam other = std::move(lock);
  EXPECT_THROW(lock.acquire(), ClosedError);
  EXPECT_THROW(lock.release(), ClosedError);
  EXPECT_THROW((void)lock.locked(), ClosedError);
  EXPECT_THROW(TypeParam(null_handle).acquire(), ClosedError);
  EXPECT_TRUE(TypeParam(null_handle).is_null());
  other.acquire();
  other.release();
}

TYPED_TEST(EitherLock, names_its_class_when_it_is_null) {
  const std::string name = TypeParam::kKind == detail::ObjectKind::lock ? "Lock" : "RLock";
  TypeParam from;
  TypeParam moved = std::move(from);
  TypeParam assigned(null_handle);
  assigned = std::move(moved);
  EXPECT_FALSE(assigned.is_null());
  for (TypeParam* null : {&from, &moved}) {  // NOLINT(bugprone-use-after-move): that is the point
    try {
      null->acquire();
      ADD_FAILURE() << "a null handle was acquired";
    } catch (const ClosedError& error) { EXPECT_EQ(error.operation(), name); }
  }
}

TYPED_TEST(EitherLock, ends_a_wait_when_a_stop_is_requested) {
  TypeParam lock;
  lock.acquire();
  std::stop_source stop;
  std::atomic<pid_t> tid{0};
  std::thread waiter([&] {
    tid = os::thread_id();
    EXPECT_THROW(lock.acquire(stop.get_token()), Stopped);
  });
  ASSERT_TRUE(eventually([&] { return tid != 0; }));
  await_sleep(tid);
  stop.request_stop();
  waiter.join();
  EXPECT_TRUE(lock.owned());
  lock.release();
  // A stop that came before is no reason not to take a free lock.
  EXPECT_TRUE(lock.acquire(stop.get_token()));
  lock.release();
}

TYPED_TEST(EitherLock, cannot_ignore_the_death_of_its_owner) {
  EXPECT_THROW(TypeParam(LockOptions{.on_owner_death = OwnerDeath::ignore}), ValueError);
}

TYPED_TEST(EitherLock, ends_a_recovery_when_a_stop_is_requested) {
  TypeParam lock;
  lock.acquire();
  std::stop_source stop;
  stop.request_stop();
  std::thread([&] { EXPECT_THROW(lock.recover(stop.get_token()), Stopped); }).join();
  lock.release();
}

TYPED_TEST(EitherLock, passes_on_the_wake_up_of_who_gives_up) {
  TypeParam lock;
  for (int round = 0; round < 20; ++round) {
    lock.acquire();
    std::stop_source stop;
    std::atomic<int> taken{0};
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&, i] {
        ++ready;
        bool got = unless_stopped([&] { return lock.acquire(i == 0 ? Until(stop.get_token()) : patience()); });
        if (!got) return;
        ++taken;
        lock.release();
      });
    ASSERT_TRUE(eventually([&] { return ready == 3; }));
    threads.emplace_back([&] { stop.request_stop(); });
    lock.release();
    for (auto& thread : threads) thread.join();
    EXPECT_GE(taken, 2);
  }
}

TYPED_TEST(EitherLock, goes_to_the_next_when_the_holding_process_dies) {
  TypeParam lock;
  Child child([&] {
    lock.acquire();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return lock.locked(); }));
  EXPECT_EQ(lock.owner()->process, child.pid());
  EXPECT_FALSE(lock.acquire(5ms));
  child.kill();
  EXPECT_TRUE(lock.acquire(patience()));
  EXPECT_TRUE(lock.owner_died());
  lock.release();
  EXPECT_TRUE(lock.acquire());
  EXPECT_TRUE(lock.owner_died()) << "until somebody says that the data is sound";
  lock.mark_consistent();
  EXPECT_FALSE(lock.owner_died());
  lock.release();
}

TYPED_TEST(EitherLock, goes_to_one_who_only_tries_when_the_holding_process_dies) {
  TypeParam lock;
  Child child([&] {
    lock.acquire();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return lock.locked(); }));
  EXPECT_FALSE(lock.try_lock());
  child.kill();
  EXPECT_TRUE(eventually([&] { return lock.try_lock(); }));
  EXPECT_TRUE(lock.owner_died());
  lock.release();
}

TYPED_TEST(EitherLock, goes_to_a_sleeper_when_the_holding_process_dies) {
  TypeParam lock;
  Child child([&] {
    lock.acquire();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return lock.locked(); }));
  std::atomic<pid_t> tid{0};
  std::thread waiter([&] {
    tid = os::thread_id();
    EXPECT_TRUE(lock.acquire());
    EXPECT_TRUE(lock.owner_died());
    lock.release();
  });
  ASSERT_TRUE(eventually([&] { return tid != 0; }));
  await_sleep(tid);
  child.kill();
  waiter.join();
}

TYPED_TEST(EitherLock, goes_to_the_next_when_the_holding_thread_ends) {
  TypeParam lock;
  std::thread([&] { lock.acquire(); }).join();
  EXPECT_TRUE(lock.locked());
  EXPECT_TRUE(lock.acquire(patience()));
  EXPECT_TRUE(lock.owner_died());
  lock.release();
}

TYPED_TEST(EitherLock, goes_to_the_next_when_the_holding_process_leaves) {
  TypeParam lock;
  Child child([&] {
    lock.acquire();
    family::Family::leave();  // as at exit()
  });
  EXPECT_TRUE(child.succeeded());
  EXPECT_TRUE(lock.acquire(patience()));
  EXPECT_TRUE(lock.owner_died());
  lock.release();
}

TYPED_TEST(EitherLock, goes_to_the_next_when_the_holding_process_becomes_another_program) {
  TypeParam lock;
  Child child([&] {
    lock.acquire();
    ::execl("/bin/sleep", "sleep", "60", nullptr);
  });
  ASSERT_TRUE(eventually([&] { return lock.locked(); }));
  EXPECT_TRUE(lock.acquire(patience()));
  EXPECT_TRUE(lock.owner_died());
  lock.release();
}

TYPED_TEST(EitherLock, is_not_held_by_a_forked_child_of_the_holder) {
  TypeParam lock;
  lock.acquire();
  Child child([&] {
    if (lock.owned() || !lock.locked() || lock.acquire(1ms)) ::_exit(1);
    try {
      lock.release();
      ::_exit(2);
    } catch (const StateError&) {}
  });
  EXPECT_TRUE(child.succeeded());
  EXPECT_TRUE(lock.owned());
  lock.release();
}

TYPED_TEST(EitherLock, throws_without_being_held_while_it_is_poisoned) {
  TypeParam lock(LockOptions{.on_owner_death = OwnerDeath::poison});
  Child child([&] {
    lock.acquire();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return lock.locked(); }));
  child.kill();
  for (int i = 0; i < 3; ++i) {
    EXPECT_THROW(lock.acquire(patience()), LockOwnerDied);
    EXPECT_FALSE(lock.locked());
    EXPECT_THROW((void)lock.try_lock(), LockOwnerDied);
    EXPECT_THROW(std::scoped_lock guard(lock), LockOwnerDied);
  }
  EXPECT_TRUE(lock.owner_died());
  EXPECT_TRUE(lock.recover());
  EXPECT_TRUE(lock.owned());
  EXPECT_FALSE(lock.owner_died());
  lock.release();
  EXPECT_TRUE(lock.acquire());
  lock.release();
}

TYPED_TEST(EitherLock, is_poisoned_again_when_the_mender_dies) {
  TypeParam lock(LockOptions{.on_owner_death = OwnerDeath::poison});
  for (int i = 0; i < 2; ++i) {
    Child child([&] {
      lock.recover();
      sleep_for_ever();
    });
    ASSERT_TRUE(eventually([&] { return lock.locked(); }));
    child.kill();
    EXPECT_THROW(lock.acquire(patience()), LockOwnerDied);
  }
  EXPECT_TRUE(lock.recover(patience()));
  EXPECT_THROW(lock.recover(), StateError);
  lock.release();
}

TYPED_TEST(EitherLock, wakes_all_sleepers_one_after_the_other_when_it_is_poisoned) {
  TypeParam lock(LockOptions{.on_owner_death = OwnerDeath::poison});
  Child child([&] {
    lock.acquire();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return lock.locked(); }));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_THROW(lock.acquire(patience()), LockOwnerDied); });
  child.kill();
  for (auto& thread : threads) thread.join();
}

TEST(Lock, is_not_recursive) {
  Lock lock;
  lock.acquire();
  EXPECT_FALSE(lock.acquire(Deadline::now()));
  EXPECT_FALSE(lock.acquire(5ms));
  EXPECT_THROW(lock.acquire(), StateError) << "it would wait for itself for ever";
  lock.release();
}

TEST(RLock, is_free_after_as_many_releases_as_acquires) {
  RLock lock;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(lock.acquire());
  EXPECT_TRUE(lock.acquire(Deadline::now()));
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(lock.owned());
    std::thread([&] { EXPECT_FALSE(lock.try_lock()); }).join();
    lock.release();
  }
  EXPECT_FALSE(lock.locked());
  EXPECT_THROW(lock.release(), StateError);
}

TEST(RLock, begins_at_one_again_after_a_death_in_its_depths) {
  RLock lock;
  Child child([&] {
    for (int i = 0; i < 5; ++i) lock.acquire();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return lock.locked(); }));
  child.kill();
  ASSERT_TRUE(lock.acquire(patience()));
  lock.release();
  EXPECT_FALSE(lock.locked());
}

Lock static_lock;
long static_count = 0;

TEST(Lock, works_at_namespace_scope) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        std::scoped_lock guard(static_lock);
        ++static_count;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(static_count, 4000);
}

}  // namespace
}  // namespace cohort::test
