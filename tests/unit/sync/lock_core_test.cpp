// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// The marks in the word of a lock, and what a dead waiter leaves in them.
#include "sync/lock_core.hpp"

#include <gtest/gtest.h>

#include "park/wait_word.hpp"

namespace cohort::sync {
namespace {

std::uint32_t marks_of(const LockBody& body) { return body.waiters.load() & (park::kAsleep | kStarving); }

TEST(LockCore, is_offered_to_nobody_when_the_one_that_starved_died_before_it_slept_again) {
  LockBody body;
  ThreadSelf& self = this_thread();
  body.waiters.fetch_or(kStarving);
  ASSERT_EQ(LockCore::acquire(body, self, Deadline::never()), Acquired::yes);
  LockCore::release(body, self);
  EXPECT_EQ(body.owner.load(), kFree);
  EXPECT_EQ(marks_of(body), 0U);
}

TEST(LockCore, is_offered_once_when_the_one_that_starved_died_in_its_sleep) {
  LockBody body;
  ThreadSelf& self = this_thread();
  body.waiters.fetch_or(kStarving | park::kAsleep);
  ASSERT_EQ(LockCore::acquire(body, self, Deadline::never()), Acquired::yes);
  LockCore::release(body, self);
  EXPECT_EQ(body.owner.load(), kOffered);
  EXPECT_EQ(marks_of(body), 0U);
  // The one that took the offer set the mark of a sleeper for others, and nobody came.
  ASSERT_EQ(LockCore::acquire(body, self, Deadline::never()), Acquired::yes);
  LockCore::release(body, self);
  EXPECT_EQ(body.owner.load(), kFree);
  EXPECT_EQ(marks_of(body), 0U);
}

}  // namespace
}  // namespace cohort::sync
