// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A killed process is repaired by its parent as it ends: those that sleep for what it held, or was to send, do not wait
// until they look by themselves (15 to 100 ms later).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "cohort/connection.hpp"
#include "cohort/queue.hpp"
#include "cohort/sync.hpp"
#include "conformance/process_conformance.hpp"
#include "os/process.hpp"
#include "support/thread_state.hpp"

namespace cohort::test {
namespace {

using Clock = std::chrono::steady_clock;

struct ProcessDeath : EachMethod {
  /// The shortest time from the kill of `victim()` to the return of `sleep()`, of several rounds. The shortest, because
  /// this machine may be busy; a sleeper that looks by itself is later in each of them.
  std::chrono::milliseconds shortest(const std::function<Process()>& victim, const std::function<void()>& sleep) {
    auto best = Clock::duration::max();
    for (int round = 0; round < 8 && best > kAtOnce; ++round) {
      Process p = victim();
      std::atomic<pid_t> sleeper{0};
      Clock::time_point woken;
      std::thread thread([&] {
        sleeper = os::thread_id();
        sleep();
        woken = Clock::now();
      });
      while (sleeper == 0) std::this_thread::yield();
      Deadline asleep = patience();
      while (!sleeps(sleeper) && !asleep.expired()) std::this_thread::yield();
      auto killed = Clock::now();
      p.kill();
      thread.join();
      best = std::min(best, woken - killed);
      EXPECT_TRUE(p.join(patience()));
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(best);
  }
  /// Makes a victim that calls `hold(object, ready)`, and waits until that has set `ready`.
  template <class Hold, class Object>
  std::function<Process()> holder(Hold hold, Object& object) {
    return [this, hold, &object] {
      Event ready;
      Process p = started(hold, object, ready);
      EXPECT_TRUE(ready.wait(patience()));
      return p;
    };
  }
  static constexpr std::chrono::milliseconds kAtOnce{5};
};
COHORT_FOR_EACH_METHOD(ProcessDeath);

void hold(Lock lock, Event ready) {
  lock.acquire();
  ready.set();
  Event().wait();
}

TEST_P(ProcessDeath, gives_a_lock_to_a_sleeper_at_once) {
  Lock lock;
  auto victim = holder(fn<hold>, lock);
  EXPECT_LE(shortest(victim,
                     [&] {
                       EXPECT_TRUE(lock.acquire(patience()));
                       lock.release();
                     }),
            kAtOnce);
}

void keep(Connection, Event ready) {
  ready.set();
  Event().wait();
}

TEST_P(ProcessDeath, ends_a_memory_connection_at_once) {
  std::optional<Connection> here;
  auto victim = [&] {
    Event ready;
    auto [mine, theirs] = Pipe();
    here.emplace(std::move(mine));
    Process p = started(keep, theirs, ready);
    theirs.close();
    EXPECT_TRUE(ready.wait(patience()));
    return p;
  };
  EXPECT_LE(shortest(victim, [&] { EXPECT_THROW((void)here->recv<int>(patience()), EndOfFile); }), kAtOnce);
}

void take(JoinableQueue<int> queue, Event ready) {
  (void)queue.get();
  ready.set();
  Event().wait();
}

TEST_P(ProcessDeath, gives_a_task_of_a_queue_to_a_sleeper_at_once) {
  JoinableQueue<int> queue({.redeliver = true});
  auto victim = [&] {
    Event ready;
    queue.put(1);
    Process p = started(take, queue, ready);
    EXPECT_TRUE(ready.wait(patience()));
    return p;
  };
  EXPECT_LE(shortest(victim,
                     [&] {
                       EXPECT_EQ(queue.get(patience()), 1);
                       queue.task_done();
                     }),
            kAtOnce);
}

void meet(Barrier barrier, Event ready) {
  ready.set();
  barrier.wait();
}

TEST_P(ProcessDeath, breaks_a_barrier_at_once) {
  std::optional<Barrier> barrier;
  auto victim = [&] {
    Event ready;
    barrier.emplace(3);
    Process p = started(meet, *barrier, ready);
    EXPECT_TRUE(ready.wait(patience()));
    while (barrier->n_waiting() == 0) std::this_thread::yield();
    return p;
  };
  EXPECT_LE(shortest(victim, [&] { EXPECT_THROW(barrier->wait(patience()), BrokenBarrierError); }), kAtOnce);
}

void read(SharedMutex mutex, Event ready) {
  mutex.lock_shared();
  ready.set();
  Event().wait();
}

TEST_P(ProcessDeath, gives_a_shared_mutex_to_a_sleeper_at_once) {
  SharedMutex mutex;
  auto victim = holder(fn<read>, mutex);
  EXPECT_LE(shortest(victim,
                     [&] {
                       mutex.lock();
                       mutex.unlock();
                     }),
            kAtOnce);
}

void take_permit(Semaphore semaphore, Event ready) {
  semaphore.acquire();
  ready.set();
  Event().wait();
}

TEST_P(ProcessDeath, gives_back_an_owned_permit_at_once) {
  Semaphore semaphore(1, {.on_owner_death = OwnerDeath::report});
  auto victim = holder(fn<take_permit>, semaphore);
  EXPECT_LE(shortest(victim,
                     [&] {
                       EXPECT_TRUE(semaphore.acquire(patience()));
                       semaphore.release();
                     }),
            kAtOnce);
}

}  // namespace
}  // namespace cohort::test
