// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/condition.hpp"

#include <climits>
#include <mutex>
#include <optional>
#include <vector>

#include "cohort/base/error.hpp"
#include "family/family.hpp"
#include "object/objects.hpp"
#include "os/process.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

// A condition over each kind of lock.
std::vector<Condition> conditions() { return {Condition(), Condition(Lock()), Condition(RLock())}; }

// Threads that wait until they are notified, and count those that were.
class Waiters {
 public:
  Waiters(Condition condition, int count, Deadline deadline = patience()) : condition_(std::move(condition)) {
    for (int i = 0; i < count; ++i)
      threads_.emplace_back([this, deadline] {
        std::scoped_lock guard(condition_);
        if (condition_.wait(deadline)) ++notified;
        ++awake;
      });
    EXPECT_TRUE(eventually([&] { return waiting() == count; }));
  }
  ~Waiters() {
    for (auto& thread : threads_) thread.join();
  }
  int waiting() {
    std::scoped_lock guard(condition_);
    return condition_.n_waiting();
  }
  std::atomic<int> notified{0};
  std::atomic<int> awake{0};

 private:
  Condition condition_;
  std::vector<std::thread> threads_;
};

TEST(Condition, wakes_as_many_as_are_notified) {
  for (Condition& condition : conditions()) {
    Waiters waiters(condition, 6);
    auto notify = [&](int count) {
      std::scoped_lock guard(condition);
      condition.notify(count);
    };
    notify(0);
    EXPECT_THROW(notify(-1), ValueError);
    EXPECT_THROW(notify(INT_MIN), ValueError);
    EXPECT_EQ(waiters.waiting(), 6);
    notify(1);
    ASSERT_TRUE(eventually([&] { return waiters.awake == 1; }));
    notify(2);
    ASSERT_TRUE(eventually([&] { return waiters.awake == 3; }));
    EXPECT_EQ(waiters.waiting(), 3);
    notify(4);
    ASSERT_TRUE(eventually([&] { return waiters.awake == 6; }));
    EXPECT_EQ(waiters.notified, 6);
    notify(3);
    // A notification is for those who wait now.
    std::scoped_lock guard(condition);
    EXPECT_FALSE(condition.wait(2ms));
  }
}

TEST(Condition, wakes_all) {
  for (Condition& condition : conditions()) {
    Waiters waiters(condition, 6);
    std::scoped_lock guard(condition);
    condition.notify_all();
  }
}

TEST(Condition, has_room_for_many_waiters) {
  Condition condition;
  auto before = family::Family::instance().statistics().blocks;
  {
    Condition crowded;
    Waiters waiters(crowded, 300);
    std::scoped_lock guard(crowded);
    crowded.notify_all();
  }
  EXPECT_EQ(family::Family::instance().statistics().blocks, before);
}

TEST(Condition, says_whether_it_was_notified_or_timed_out) {
  for (Condition& condition : conditions()) {
    std::scoped_lock guard(condition);
    EXPECT_FALSE(condition.wait(Deadline::now()));
    auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(condition.wait(10ms));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 10ms);
    std::thread notifier([&] {
      std::scoped_lock notifying(condition);
      condition.notify();
    });
    EXPECT_TRUE(condition.wait(patience()));
    notifier.join();
  }
}

TEST(Condition, waits_for_a_predicate) {
  for (Condition& condition : conditions()) {
    int value = 0;
    std::thread other([&] {
      for (int i = 1; i <= 4; ++i) {
        std::scoped_lock guard(condition);
        value = i;
        condition.notify();
      }
    });
    {
      std::scoped_lock guard(condition);
      EXPECT_TRUE(condition.wait_for([&] { return value == 4; }, patience()));
      EXPECT_FALSE(condition.wait_for([&] { return value == 5; }, 5ms));
      EXPECT_TRUE(condition.wait_for([] { return true; }, Deadline::now()));
    }
    other.join();
  }
}

TEST(Condition, gives_up_a_recursive_lock_as_a_whole_and_restores_it) {
  for (const Condition& condition : {Condition(), Condition(RLock())}) {
    Condition c = condition;
    c.acquire();
    c.acquire();
    c.acquire();
    std::thread notifier([&] {
      std::scoped_lock guard(c);  // free only while the other waits
      c.notify();
    });
    EXPECT_TRUE(c.wait(patience()));
    notifier.join();
    for (int i = 0; i < 3; ++i) c.release();
    EXPECT_THROW(c.release(), StateError);
  }
}

TEST(Condition, shares_the_lock_that_it_was_given) {
  Lock lock;
  Condition a(lock);
  Condition b(lock);
  lock.acquire();
  std::thread([&] {
    EXPECT_FALSE(a.try_lock());
    EXPECT_FALSE(b.try_lock());
  }).join();
  EXPECT_FALSE(a.wait(Deadline::now()));
  b.notify();
  lock.release();
}

TEST(Condition, keeps_its_lock_alive) {
  auto count = [] { return object::Objects::instance().count(object::ObjectKind::lock); };
  auto before = count();
  {
    std::optional<Lock> lock{std::in_place};
    Condition condition(*lock);
    lock.reset();
    EXPECT_EQ(count(), before + 1);
    std::scoped_lock guard(condition);
    EXPECT_FALSE(condition.wait(1ms));
  }
  EXPECT_EQ(count(), before);
}

TEST(Condition, throws_when_the_caller_does_not_hold_the_lock) {
  for (Condition& condition : conditions()) {
    EXPECT_THROW(condition.wait(1ms), StateError);
    EXPECT_THROW(condition.notify(), StateError);
    EXPECT_THROW(condition.notify_all(), StateError);
    EXPECT_THROW(condition.release(), StateError);
    condition.acquire();
    std::thread([&] { EXPECT_THROW(condition.notify(), StateError); }).join();
    condition.release();
  }
  EXPECT_THROW(Condition(null_handle).wait(), ClosedError);
  EXPECT_THROW(Condition(Lock(null_handle)), ClosedError);
}

TEST(Condition, ends_a_wait_when_a_stop_is_requested) {
  Condition condition;
  std::stop_source stop;
  std::atomic<pid_t> tid{0};
  std::thread waiter([&] {
    tid = os::thread_id();
    std::scoped_lock guard(condition);
    EXPECT_THROW(condition.wait(stop.get_token()), Stopped);
    EXPECT_TRUE(condition.wait_for([] { return true; }, stop.get_token()));
    EXPECT_THROW(condition.wait_for([] { return false; }, {stop.get_token(), patience()}), Stopped);
    EXPECT_EQ(condition.n_waiting(), 0);  // the lock is held again
  });
  ASSERT_TRUE(eventually([&] { return tid != 0; }));
  await_sleep(tid);
  stop.request_stop();
  waiter.join();
}

TEST(Condition, loses_no_notification_to_one_who_is_stopped) {
  for (int round = 0; round < 30; ++round) {
    Condition condition;
    std::stop_source stop;
    std::atomic<int> notified{0};
    auto wait = [&](bool stoppable) {
      std::scoped_lock guard(condition);
      notified +=
          unless_stopped([&] { return condition.wait(stoppable ? Until(stop.get_token(), patience()) : patience()); });
    };
    std::thread a(wait, true);
    std::thread b(wait, false);
    ASSERT_TRUE(eventually([&] {
      std::scoped_lock guard(condition);
      return condition.n_waiting() == 2;
    }));
    std::thread stopper([&] { stop.request_stop(); });
    {
      std::scoped_lock guard(condition);
      condition.notify(2);  // whoever still waits is notified
    }
    stopper.join();
    a.join();
    b.join();
    EXPECT_GE(notified, 1);
  }
}

TEST(Condition, passes_over_waiters_that_are_dead) {
  for (Condition& condition : conditions()) {
    Child dead([&] {
      condition.acquire();
      condition.wait();
    });
    ASSERT_TRUE(eventually([&] {
      std::scoped_lock guard(condition);
      return condition.n_waiting() == 1;
    }));
    await_sleep(dead.pid());
    std::atomic<int> notified{0};
    std::thread alive([&] {
      std::scoped_lock guard(condition);
      notified += condition.wait(patience());
    });
    ASSERT_TRUE(eventually([&] {
      std::scoped_lock guard(condition);
      return condition.n_waiting() == 2;
    }));
    dead.kill();
    {
      std::scoped_lock guard(condition);
      condition.notify();
    }
    alive.join();
    EXPECT_EQ(notified, 1);
  }
}

TEST(Condition, notifies_another_when_the_notified_one_dies_before_it_wakes) {
  Condition condition;
  Child doomed([&] {
    condition.acquire();
    condition.wait();
  });
  ASSERT_TRUE(eventually([&] {
    std::scoped_lock guard(condition);
    return condition.n_waiting() == 1;
  }));
  await_sleep(doomed.pid());
  std::atomic<int> notified{0};
  std::thread next([&] {
    std::scoped_lock guard(condition);
    notified += condition.wait(patience());
  });
  ASSERT_TRUE(eventually([&] {
    std::scoped_lock guard(condition);
    return condition.n_waiting() == 2;
  }));
  {
    std::scoped_lock guard(condition);
    ::kill(doomed.pid(), SIGSTOP);
    condition.notify();  // the oldest: it sleeps, and cannot take the lock
    doomed.kill();
  }
  next.join();
  EXPECT_EQ(notified, 1);
}

TEST(Condition, goes_on_when_the_notifier_dies_with_the_lock) {
  Condition condition;
  Waiters waiters(condition, 2);
  Child child([&] {
    condition.acquire();
    condition.notify();
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return !condition.try_lock() || (condition.release(), false); }));
  child.kill();
  std::scoped_lock guard(condition);
  EXPECT_TRUE(condition.owner_died());
  condition.mark_consistent();
  condition.notify_all();
}

}  // namespace
}  // namespace cohort::test
