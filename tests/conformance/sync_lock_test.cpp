// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Locks, semaphores and events between processes, as CPython's _TestLock, _TestSemaphore and _TestEvent have them.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/sync.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

struct SyncLocks : EachMethod {
  /// A child that is expected to find all as it should be.
  template <class... Args>
  void expect_agreed(Args&&... args) {
    EXPECT_EQ(finished(std::forward<Args>(args)...).exitcode(), 0);
  }
};
COHORT_FOR_EACH_METHOD(SyncLocks);

// The exit code tells which expectation of a child failed.
void require(bool good, int code) {
  if (!good) throw SystemExit(code);
}

// ---- _TestLock ----

template <class L>
void see_it_held(L lock) {
  require(lock.locked(), 1);
  require(!lock.owned(), 2);
  require(!lock.acquire(Deadline::now()), 3);
  require(!lock.acquire(5ms), 4);
  require(lock.owner() && lock.owner()->process == parent_process()->pid(), 5);
  try {
    lock.release();
    throw SystemExit(6);
  } catch (const StateError&) {}
}
template <class L>
void take_and_give_back(L lock) {
  require(!lock.locked(), 1);
  require(lock.acquire(), 2);
  require(lock.owned(), 3);
  lock.release();
}

template <class L>
void expect_seen_by_two_processes(SyncLocks& test) {
  L lock;
  lock.acquire();
  test.expect_agreed(see_it_held<L>, lock);
  EXPECT_TRUE(lock.owned());
  lock.release();
  test.expect_agreed(take_and_give_back<L>, lock);
  EXPECT_FALSE(lock.locked());
}

TEST_P(SyncLocks, are_seen_locked_by_two_processes) {
  expect_seen_by_two_processes<Lock>(*this);
  expect_seen_by_two_processes<RLock>(*this);
}

template <class L>
void hold_at_exit(L lock) {
  lock.acquire();
}

TEST_P(SyncLocks, go_to_the_next_when_a_process_ends_with_them) {
  Lock lock;
  RLock rlock;
  expect_agreed(hold_at_exit<Lock>, lock);
  expect_agreed(hold_at_exit<RLock>, rlock);
  EXPECT_TRUE(lock.acquire(patience()));
  EXPECT_TRUE(lock.owner_died());
  EXPECT_TRUE(rlock.acquire(patience()));
  EXPECT_TRUE(rlock.owner_died());
  lock.release();
  rlock.release();
}

template <class L>
void hold_and_stay(L lock, Event held) {
  lock.acquire();
  held.set();
  while (true) ::pause();
}

TEST_P(SyncLocks, go_to_the_next_when_their_holder_is_killed) {
  Lock lock;
  Event held;
  Process p = started(hold_and_stay<Lock>, lock, held);
  ASSERT_TRUE(held.wait(patience()));
  EXPECT_EQ(lock.owner()->process, p.pid());
  p.kill();
  EXPECT_TRUE(lock.acquire(patience()));
  EXPECT_TRUE(lock.owner_died());
  lock.mark_consistent();
  lock.release();
  ASSERT_TRUE(p.join(patience()));
}

// All descriptors that this process may have.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    rlimit few{128, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
  }
  ~NoDescriptors() {
    for (int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

void take_all_and_wait(Lock lock, SharedMutex mutex, Semaphore semaphore, Event taken) {
  lock.acquire();
  mutex.lock_shared();
  semaphore.acquire();
  taken.set();
  while (true) std::this_thread::sleep_for(1s);
}

TEST_P(SyncLocks, go_to_the_next_when_their_holder_is_killed_while_no_descriptor_is_left) {
  Lock lock;
  SharedMutex mutex;
  Semaphore semaphore(1, {.on_owner_death = OwnerDeath::report});
  Event taken;
  Process p = started(take_all_and_wait, lock, mutex, semaphore, taken);
  ASSERT_TRUE(taken.wait(patience()));
  {
    NoDescriptors none;
    ::kill(*p.pid(), SIGKILL);
    EXPECT_TRUE(lock.acquire(patience()));
    EXPECT_TRUE(mutex.acquire(patience()));
    EXPECT_TRUE(semaphore.acquire(patience()));
  }
  EXPECT_TRUE(p.join(patience()));
}

TEST_P(SyncLocks, throw_until_recovered_when_they_are_poisoned) {
  Lock lock({.on_owner_death = OwnerDeath::poison});
  Event held;
  Process p = started(hold_and_stay<Lock>, lock, held);
  ASSERT_TRUE(held.wait(patience()));
  p.kill();
  EXPECT_THROW(lock.acquire(patience()), LockOwnerDied);
  EXPECT_FALSE(lock.locked());
  EXPECT_TRUE(lock.recover());
  lock.release();
  std::scoped_lock guard(lock);
}

// The lock makes look, change, look one step.
void add_in_steps(Lock lock, Semaphore number, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    std::scoped_lock guard(lock);
    int before = number.get_value();
    number.release();
    require(number.get_value() == before + 1, 1);
  }
}

TEST_P(SyncLocks, keep_processes_from_each_other) {
  Lock lock;
  Semaphore number(0);
  std::vector<Process> children;
  for (int i = 0; i < 3; ++i) children.push_back(started(add_in_steps, lock, number, 2000));
  for (auto& child : children) {
    ASSERT_TRUE(child.join(patience()));
    EXPECT_EQ(child.exitcode(), 0);
  }
  EXPECT_EQ(number.get_value(), 6000);
}

Lock global_lock;
RLock global_rlock;
Semaphore global_number(0);
void use_globals(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    std::scoped_lock guard(global_lock, global_rlock);
    int before = global_number.get_value();
    global_number.release();
    require(global_number.get_value() == before + 1, 1);
  }
}

TEST_P(SyncLocks, at_namespace_scope_are_one_lock_everywhere) {
  int before = global_number.get_value();
  std::vector<Process> children;
  for (int i = 0; i < 3; ++i) children.push_back(started(use_globals, 500));
  use_globals(500);
  for (auto& child : children) {
    ASSERT_TRUE(child.join(patience()));
    EXPECT_EQ(child.exitcode(), 0);
  }
  EXPECT_EQ(global_number.get_value(), before + 2000);
}

// ---- _TestSemaphore ----

void release_more(Semaphore semaphore) {
  require(!semaphore.acquire(Deadline::now()), 1);
  require(!semaphore.acquire(-1s), 2);
  require(!semaphore.try_acquire(2ms), 3);
  semaphore.release();
  semaphore.release(3);
}

TEST_P(SyncLocks, semaphores_count_for_all_processes) {
  Semaphore semaphore(2);
  semaphore.acquire();
  semaphore.acquire();
  expect_agreed(release_more, semaphore);
  EXPECT_EQ(semaphore.get_value(), 4);
}

void release_too_often(BoundedSemaphore semaphore) {
  semaphore.release();
  try {
    semaphore.release();
    throw SystemExit(1);
  } catch (const StateError&) {}
}

TEST_P(SyncLocks, bounded_semaphores_are_bounded_for_all_processes) {
  BoundedSemaphore semaphore(1);
  semaphore.acquire();
  expect_agreed(release_too_often, semaphore);
  EXPECT_EQ(semaphore.get_value(), 1);
}

void die_with_a_permit(Semaphore semaphore, Event taken) {
  require(semaphore.acquire(patience()), 1);
  taken.set();
  semaphore.acquire();
}

TEST_P(SyncLocks, a_killed_owners_permit_comes_back_where_that_was_asked_for) {
  Semaphore semaphore(1, {.on_owner_death = OwnerDeath::report});
  Event taken;
  Process p = started(die_with_a_permit, semaphore, taken);
  ASSERT_TRUE(taken.wait(patience()));
  EXPECT_THROW(semaphore.release(), StateError);
  EXPECT_FALSE(semaphore.acquire(5ms));
  p.kill();
  ASSERT_TRUE(semaphore.acquire(patience()));
  EXPECT_TRUE(semaphore.owner_died());
  semaphore.mark_consistent();
  semaphore.release();
  EXPECT_TRUE(p.join(patience()));
}

void hand_over(Semaphore mine, Semaphore theirs, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    require(mine.acquire(patience()), 1);
    theirs.release();
  }
}

TEST_P(SyncLocks, semaphores_hand_over_between_processes) {
  Semaphore a(0);
  Semaphore b(0);
  Process p = started(hand_over, a, b, 2000);
  for (int i = 0; i < 2000; ++i) {
    a.release();
    ASSERT_TRUE(b.acquire(patience()));
  }
  ASSERT_TRUE(p.join(patience()));
  EXPECT_EQ(p.exitcode(), 0);
}

// ---- _TestEvent ----

void set_event(Event event) { event.set(); }
void wait_twice(Event first, Event second) {
  require(!first.is_set(), 1);
  require(!first.wait(Deadline::now()), 2);
  second.set();
  require(first.wait(patience()), 3);
}

TEST_P(SyncLocks, events_are_seen_by_all_processes) {
  Event event;
  EXPECT_FALSE(event.wait(2ms));
  Process p = started(set_event, event);
  EXPECT_TRUE(event.wait(patience()));
  EXPECT_TRUE(event.is_set());
  ASSERT_TRUE(p.join(patience()));
  event.clear();
  EXPECT_FALSE(event.is_set());
  EXPECT_FALSE(event.wait(Deadline::now()));

  Event back;
  Process waiter = started(wait_twice, event, back);
  ASSERT_TRUE(back.wait(patience()));
  event.set();
  ASSERT_TRUE(waiter.join(patience()));
  EXPECT_EQ(waiter.exitcode(), 0);
}

void wait_for_ever(Event event, Semaphore waiting) {
  waiting.release();
  event.wait();
}

TEST_P(SyncLocks, events_are_not_held_up_by_killed_waiters) {
  Event event;
  Semaphore waiting(0);
  Process dead = started(wait_for_ever, event, waiting);
  Process alive = started(wait_for_ever, event, waiting);
  ASSERT_TRUE(waiting.acquire(patience()) && waiting.acquire(patience()));
  dead.kill();
  ASSERT_TRUE(dead.join(patience()));
  event.set();
  ASSERT_TRUE(alive.join(patience()));
  EXPECT_EQ(alive.exitcode(), 0);
}

// ---- what Python has not ----

void read_together(SharedMutex mutex, Semaphore inside, Event done) {
  std::shared_lock guard(mutex);
  inside.release();
  require(done.wait(patience()), 1);
}

TEST_P(SyncLocks, a_shared_mutex_lets_processes_read_together) {
  SharedMutex mutex;
  Semaphore inside(0);
  Event done;
  Process a = started(read_together, mutex, inside, done);
  Process b = started(read_together, mutex, inside, done);
  ASSERT_TRUE(inside.acquire(patience()) && inside.acquire(patience()));
  EXPECT_FALSE(mutex.try_lock());
  { std::shared_lock guard(mutex); }
  done.set();
  ASSERT_TRUE(mutex.acquire(patience()));
  mutex.release();
  for (Process* p : {&a, &b}) {
    ASSERT_TRUE(p->join(patience()));
    EXPECT_EQ(p->exitcode(), 0);
  }
}

}  // namespace
}  // namespace cohort::test
