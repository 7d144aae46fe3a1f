// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A pool's worker killed after each single instruction: of taking a task, waking another worker for what is left, doing
// it, announcing it, and falling asleep. The other worker does all that the dead one did not, and the owner finds each
// task done once.
#include <gtest/gtest.h>

#include "crash/pool_support.hpp"
#include "crash/single_step.hpp"

namespace cohort::testing {
namespace {

// Ends the stepped worker's operation once it sleeps.
pid_t start_ender(BarePool& pool) {
  return family::testing::fork_child([&pool] {
    while (!detail::is_idle(pool.shared(), 0)) ::usleep(50);
    pool.stop();
  });
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  (void)family::testing::wait_for(pid);
}

TEST(PoolStep, a_worker_may_die_at_each_instruction_while_another_one_sleeps) {
  if (!may_trace()) GTEST_SKIP() << "this system does not allow ptrace";
  constexpr std::uint32_t kTasks = 3;
  { BarePool warm(2); }
  auto before = family::testing::Balance::of(family::Family::instance());
  Steps steps("pool: take, wake, do, announce, sleep", 1);
  while (steps.go_on()) {
    SCOPED_TRACE(steps.place());
    {
      BarePool pool(2);
      pid_t sleeper = pool.start_worker(1);
      ASSERT_TRUE(pool.wait_until_asleep(1, sleeper));
      pool.hand_in(kTasks);
      pid_t ender = start_ender(pool);
      steps.kill([] {}, [&] { pool.work(0); });
      end(ender);
      pool.repair(0, kTasks);
      EXPECT_TRUE(pool.wait_until_done(kTasks));
      pool.stop();
      EXPECT_EQ(family::testing::wait_for(sleeper), 0);
      EXPECT_LE(detail::idle_workers(pool.shared()), 1u);
    }
    family::testing::expect_repaired(family::Family::instance(), before);
  }
}

}  // namespace
}  // namespace cohort::testing
