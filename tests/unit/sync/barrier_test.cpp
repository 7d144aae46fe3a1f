// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/barrier.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/sync/semaphore.hpp"
#include "os/process.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

constexpr int kParties = 5;

// Runs `body` in one thread each party.
template <class F>
void in_parties(int count, F&& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&, i] { body(i); });
  for (auto& thread : threads) thread.join();
}

void await_waiting(const Barrier& barrier, int count) {
  ASSERT_TRUE(eventually([&] { return barrier.n_waiting() == count; }));
}

TEST(Barrier, lets_all_pass_together_and_gives_each_a_number) {
  Barrier barrier(kParties);
  EXPECT_EQ(barrier.parties(), kParties);
  std::atomic<int> before[100] = {};
  std::atomic<int> indexes[100] = {};
  in_parties(kParties, [&](int) {
    for (int round = 0; round < 100; ++round) {
      ++before[round];
      int index = barrier.wait(patience());
      EXPECT_EQ(before[round], kParties);
      indexes[round] |= 1 << index;
    }
  });
  for (auto& seen : indexes) EXPECT_EQ(seen, (1 << kParties) - 1);
  EXPECT_EQ(barrier.n_waiting(), 0);
  EXPECT_FALSE(barrier.broken());
}

TEST(Barrier, of_one_passes_at_once) {
  Barrier barrier(1);
  EXPECT_EQ(barrier.wait(), 0);
  EXPECT_EQ(barrier.wait(Deadline::now()), 0);
}

std::atomic<int> actions{0};
void count_action() { ++actions; }
struct ReleaseTwice {
  Semaphore semaphore;
  void operator()() {
    semaphore.release();
    semaphore.release();
  }
};

TEST(Barrier, calls_its_action_once_before_any_passes) {
  actions = 0;
  Barrier lambda(3, [] { ++actions; });
  in_parties(3, [&](int) {
    lambda.wait(patience());
    EXPECT_EQ(actions, 1);
  });
  Barrier function(3, count_action);
  in_parties(3, [&](int) { function.wait(patience()); });
  EXPECT_EQ(actions, 2);
}

TEST(Barrier, may_have_an_action_with_handles) {
  Semaphore semaphore(0);
  Barrier barrier(2, ReleaseTwice{semaphore});
  in_parties(2, [&](int) { barrier.wait(patience()); });
  EXPECT_EQ(semaphore.get_value(), 2);
}

TEST(Barrier, is_broken_by_an_action_that_throws) {
  Barrier barrier(3, [] { throw std::runtime_error("no"); });
  std::atomic<int> thrown{0};
  std::atomic<int> broken{0};
  in_parties(3, [&](int) {
    try {
      barrier.wait(patience());
    } catch (const BrokenBarrierError&) { ++broken; } catch (const std::runtime_error& error) {
      thrown += error.what() == std::string("no");
    }
  });
  EXPECT_EQ(thrown, 1);
  EXPECT_EQ(broken, 2);
  EXPECT_TRUE(barrier.broken());
}

TEST(Barrier, stays_broken_after_abort_until_reset) {
  Barrier barrier(kParties);
  std::atomic<int> broken{0};
  std::thread aborter([&] {
    await_waiting(barrier, kParties - 1);
    barrier.abort();
  });
  in_parties(kParties - 1, [&](int) {
    try {
      barrier.wait(patience());
    } catch (const BrokenBarrierError&) { ++broken; }
  });
  aborter.join();
  EXPECT_EQ(broken, kParties - 1);
  EXPECT_TRUE(barrier.broken());
  EXPECT_EQ(barrier.n_waiting(), 0);
  EXPECT_THROW(barrier.wait(), BrokenBarrierError);
  barrier.reset();
  EXPECT_FALSE(barrier.broken());
  in_parties(kParties, [&](int) { EXPECT_NO_THROW(barrier.wait(patience())); });
}

TEST(Barrier, breaks_for_those_who_wait_when_it_is_reset_and_is_as_new) {
  Barrier barrier(3);
  std::atomic<int> broken{0};
  std::thread resetter([&] {
    await_waiting(barrier, 2);
    barrier.reset();
  });
  in_parties(2, [&](int) {
    try {
      barrier.wait(patience());
    } catch (const BrokenBarrierError&) { ++broken; }
  });
  resetter.join();
  EXPECT_EQ(broken, 2);
  EXPECT_FALSE(barrier.broken());
  in_parties(3, [&](int) { EXPECT_NO_THROW(barrier.wait(patience())); });
}

TEST(Barrier, breaks_for_all_when_one_times_out) {
  Barrier barrier(3);
  std::atomic<int> broken{0};
  in_parties(2, [&](int i) {
    try {
      if (i == 0)
        barrier.wait(patience());
      else
        barrier.wait(20ms);
    } catch (const BrokenBarrierError&) { ++broken; }
  });
  EXPECT_EQ(broken, 2);
  EXPECT_TRUE(barrier.broken());
}

TEST(Barrier, has_a_timeout_of_its_own) {
  Barrier barrier(2, {.timeout = 10ms});
  EXPECT_THROW(barrier.wait(), BrokenBarrierError);
  Barrier with_action(2, [] {}, {.timeout = 10ms});
  EXPECT_THROW(with_action.wait(), BrokenBarrierError);
  Barrier with_token(2, {.timeout = 10ms});
  EXPECT_THROW(with_token.wait(std::stop_source().get_token()), BrokenBarrierError);
}

TEST(Barrier, breaks_when_a_stop_is_requested) {
  Barrier barrier(2);
  std::stop_source stop;
  std::atomic<pid_t> tid{0};
  std::thread waiter([&] {
    tid = os::thread_id();
    EXPECT_THROW(barrier.wait(stop.get_token()), Stopped);
  });
  ASSERT_TRUE(eventually([&] { return tid != 0; }));
  await_sleep(tid);
  stop.request_stop();
  waiter.join();
  EXPECT_TRUE(barrier.broken());
}

TEST(Barrier, breaks_when_a_party_dies_while_it_waits) {
  Barrier barrier(3);
  Child child([&] { barrier.wait(); });
  await_waiting(barrier, 1);
  std::thread waiter([&] { EXPECT_THROW(barrier.wait(patience()), BrokenBarrierError); });
  await_waiting(barrier, 2);
  child.kill();
  waiter.join();
  EXPECT_TRUE(barrier.broken());
  barrier.reset();
  in_parties(3, [&](int) { EXPECT_NO_THROW(barrier.wait(patience())); });
}

TEST(Barrier, breaks_when_a_party_dies_in_the_action) {
  Barrier barrier(2, [] { ::raise(SIGKILL); });
  std::thread waiter([&] { EXPECT_THROW(barrier.wait(patience()), BrokenBarrierError); });
  await_waiting(barrier, 1);
  Child child([&] { barrier.wait(); });
  waiter.join();
}

TEST(Barrier, is_not_broken_by_the_death_of_one_who_has_passed) {
  Barrier barrier(2);
  Child child([&] {
    barrier.wait();
    ::raise(SIGKILL);
  });
  EXPECT_NO_THROW(barrier.wait(patience()));
  (void)child.wait();
  EXPECT_FALSE(barrier.broken());
  in_parties(2, [&](int) { EXPECT_NO_THROW(barrier.wait(patience())); });
}

TEST(Barrier, breaks_when_it_is_aborted_or_reset_while_the_action_runs) {
  static Semaphore in_action(0);
  static Semaphore go_on(0);
  for (bool reset : {false, true}) {
    Barrier barrier(2, [] {
      in_action.release();
      (void)go_on.acquire(patience());
    });
    std::atomic<int> broken{0};
    std::thread other([&] {
      (void)in_action.acquire(patience());
      reset ? barrier.reset() : barrier.abort();
      go_on.release();
    });
    in_parties(2, [&](int) {
      try {
        barrier.wait(patience());
      } catch (const BrokenBarrierError&) { ++broken; }
    });
    other.join();
    EXPECT_EQ(broken, 2);
    EXPECT_EQ(barrier.broken(), !reset);
  }
}

TEST(Barrier, makes_more_than_its_parties_wait_for_further_meetings) {
  Barrier barrier(2);
  std::atomic<int> tickets{0};  // an even number of visits, by whoever has time
  std::atomic<int> passed{0};
  in_parties(6, [&](int) {
    while (tickets++ < 300) {
      EXPECT_NO_THROW(barrier.wait(patience()));
      ++passed;
    }
  });
  EXPECT_EQ(passed, 300);
}

TEST(Barrier, throws_for_wrong_use) {
  EXPECT_THROW(Barrier(0), ValueError);
  EXPECT_THROW(Barrier(-1), ValueError);
  EXPECT_THROW(Barrier(null_handle).wait(), ClosedError);
  Barrier barrier(1);
  Barrier other = std::move(barrier);
  EXPECT_THROW((void)barrier.parties(), ClosedError);
}

}  // namespace
}  // namespace cohort::test
