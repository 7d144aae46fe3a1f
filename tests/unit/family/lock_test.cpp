// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "family/lock.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "unit/family/private_memory.hpp"

namespace cohort::family {
namespace {

using testing::PrivateMemory;

TEST(FamilyLock, excludes_threads_from_each_other) {
  PrivateMemory memory;
  LockWord& lock = memory.windows.header().memory_lock;
  long count = 0;  // not atomic: the lock is what keeps it whole
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        LockGuard guard(lock, memory.self);
        ++count;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 80000);
  EXPECT_EQ(lock.word.load(), 0U);
  EXPECT_EQ(lock.takeovers.load(), 0U);
}

TEST(FamilyLock, is_taken_over_from_a_dead_process_and_says_so) {
  PrivateMemory memory;
  LockWord& lock = memory.windows.header().memory_lock;
  pid_t child = ::fork();
  if (child == 0) {
    LockGuard guard(lock, own_identity());
    ::raise(SIGKILL);
  }
  // Not reaped yet: a zombie is dead.
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  {
    LockGuard guard(lock, memory.self);
    EXPECT_TRUE(guard.damaged());
    guard.mark_repaired();
  }
  ::waitpid(child, nullptr, 0);
  LockGuard guard(lock, memory.self);
  EXPECT_FALSE(guard.damaged());
  EXPECT_EQ(lock.takeovers.load(), 1U);
}

TEST(FamilyLock, stays_damaged_until_somebody_repairs) {
  PrivateMemory memory;
  LockWord& lock = memory.windows.header().memory_lock;
  lock.word.store(LockGuard::word_of({1, memory.self.start_time + 12345}));  // process 1 did not start then
  {
    LockGuard guard(lock, memory.self);
    EXPECT_TRUE(guard.damaged());
  }
  LockGuard guard(lock, memory.self);
  EXPECT_TRUE(guard.damaged());
}

TEST(FamilyLock, is_not_taken_from_a_living_process) {
  PrivateMemory memory;
  LockWord& lock = memory.windows.header().memory_lock;
  int held[2], go[2];
  ASSERT_EQ(::pipe(held), 0);
  ASSERT_EQ(::pipe(go), 0);
  pid_t child = ::fork();
  if (child == 0) {
    char byte = 'h';
    {
      LockGuard guard(lock, own_identity());
      (void)!::write(held[1], &byte, 1);
      (void)!::read(go[0], &byte, 1);
    }
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(held[0], &byte, 1), 1);
  EXPECT_FALSE(lock_holder_is_dead(lock.word.load()));
  std::thread waiter([&] {
    LockGuard guard(lock, memory.self);
    EXPECT_FALSE(guard.damaged());
  });
  // The waiter has announced itself: it has looked at the holder's word and sleeps.
  while ((lock.word.load() & LockGuard::kWaiters) == 0) std::this_thread::yield();
  ASSERT_EQ(::write(go[1], "g", 1), 1);
  waiter.join();
  EXPECT_EQ(lock.takeovers.load(), 0U);
  ::waitpid(child, nullptr, 0);
  for (int fd : {held[0], held[1], go[0], go[1]}) ::close(fd);
}

TEST(FamilyLock, tells_a_reused_number_from_the_process_that_had_it) {
  os::ProcessIdentity self = own_identity();
  EXPECT_FALSE(lock_holder_is_dead(LockGuard::word_of(self)));
  EXPECT_TRUE(lock_holder_is_dead(LockGuard::word_of({self.pid, self.start_time + 1})));
  EXPECT_FALSE(lock_holder_is_dead(LockGuard::word_of({self.pid, 0}))) << "an unknown start time is not guessed about";
}

}  // namespace
}  // namespace cohort::family
