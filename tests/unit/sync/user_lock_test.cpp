// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What users are promised of a lock, over its core.
#include "sync/user_lock.hpp"

#include <gtest/gtest.h>

#include <string>

#include "cohort/base/error.hpp"

namespace cohort::sync {
namespace {

constexpr CallName kAcquire{"Lock", "acquire"};
constexpr CallName kRelease{"Lock", "release"};

TEST(UserLock, is_taken_once_or_counted_when_it_is_recursive) {
  ThreadSelf& self = this_thread();
  LockBody lock;
  EXPECT_EQ(acquire_user_lock(lock, self, true, Deadline::now(), kAcquire), Acquired::yes);
  EXPECT_EQ(acquire_user_lock(lock, self, true, Deadline::now(), kAcquire), Acquired::yes);
  release_user_lock(lock, self, true, kRelease);
  EXPECT_EQ(LockCore::owner(lock), self.word);
  release_user_lock(lock, self, true, kRelease);
  EXPECT_NE(LockCore::owner(lock), self.word);
}

TEST(UserLock, is_released_by_its_owner_only) {
  ThreadSelf& self = this_thread();
  LockBody lock;
  try {
    release_user_lock(lock, self, false, kRelease);
    FAIL() << "nobody had it";
  } catch (const StateError& error) { EXPECT_EQ(std::string(error.operation()), "Lock.release"); }
}

TEST(UserLock, does_not_wait_for_itself_for_ever) {
  ThreadSelf& self = this_thread();
  LockBody lock;
  ASSERT_EQ(acquire_user_lock(lock, self, false, Deadline::now(), kAcquire), Acquired::yes);
  EXPECT_EQ(acquire_user_lock(lock, self, false, Deadline::now(), kAcquire), Acquired::timed_out);
  EXPECT_THROW((void)acquire_user_lock(lock, self, false, Deadline::never(), kAcquire), StateError);
  release_user_lock(lock, self, false, kRelease);
}

TEST(UserLock, that_is_poisoned_throws_until_it_is_recovered) {
  ThreadSelf& self = this_thread();
  LockBody lock;
  lock.options.store(kPoisons);
  lock.died.store(1);
  EXPECT_THROW((void)acquire_user_lock(lock, self, false, Deadline::now(), kAcquire), LockOwnerDied);
  EXPECT_NE(LockCore::owner(lock), self.word) << "thrown without holding it";
  EXPECT_TRUE(recover_user_lock(lock, self, false, Deadline::now(), {"Lock", "recover"}));
  EXPECT_EQ(LockCore::owner(lock), self.word);
  release_user_lock(lock, self, false, kRelease);
  EXPECT_EQ(acquire_user_lock(lock, self, false, Deadline::now(), kAcquire), Acquired::yes);
  release_user_lock(lock, self, false, kRelease);
}

TEST(UserLock, of_a_dead_thread_is_free_for_who_tries) {
  ThreadSelf& self = this_thread();
  LockBody lock;
  ThreadWord dead = ThreadWord::unpack(self.word);
  dead.tid = (1u << ThreadWord::kTidBits) - 1;  // above PID_MAX_LIMIT: nobody
  lock.owner.store(dead.pack());
  const Deadline patience{std::chrono::seconds(30)};
  while (!release_dead_owner(lock, self) && !patience.expired()) {}
  EXPECT_EQ(LockCore::owner(lock), kFree);
  EXPECT_EQ(lock.died.load(), 1u);
}

}  // namespace
}  // namespace cohort::sync
