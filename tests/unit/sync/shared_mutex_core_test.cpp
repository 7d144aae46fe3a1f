// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Many readers or one writer, by the words.
#include "sync/shared_mutex_core.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace cohort::sync {
namespace {

class SharedMutexWords : public testing::Test {
 protected:
  SharedMutexWords() : core_(*body_) {}
  std::unique_ptr<SharedMutexBody> body_ = std::make_unique<SharedMutexBody>();
  SharedMutexCore core_;
  ThreadSelf& self_ = this_thread();
};

TEST_F(SharedMutexWords, has_a_place_for_each_hold_of_a_reader) {
  EXPECT_EQ(core_.acquire_shared(self_, Deadline::now()), Acquired::yes);
  EXPECT_EQ(core_.acquire_shared(self_, Deadline::now()), Acquired::yes);
  EXPECT_EQ(core_.readers(), 2u);
  EXPECT_TRUE(core_.release_shared(self_));
  EXPECT_TRUE(core_.release_shared(self_));
  EXPECT_FALSE(core_.release_shared(self_));
  EXPECT_EQ(core_.readers(), 0u);
}

TEST_F(SharedMutexWords, lets_a_writer_in_only_when_no_reader_is_left) {
  ThreadSelf other = self_;
  other.word += 1;
  ASSERT_EQ(core_.acquire_shared(other, Deadline::now()), Acquired::yes);
  EXPECT_EQ(core_.acquire(self_, Deadline::now()), Acquired::timed_out);
  EXPECT_TRUE(core_.release_shared(other));
  EXPECT_EQ(core_.acquire(self_, Deadline::now()), Acquired::yes);
  EXPECT_EQ(core_.acquire_shared(other, Deadline::now()), Acquired::timed_out);
  core_.release(self_);
  EXPECT_EQ(core_.acquire_shared(other, Deadline::now()), Acquired::yes);
}

TEST_F(SharedMutexWords, frees_the_places_of_those_that_are_dead) {
  ThreadSelf dead = self_;
  dead.word += 1;
  ASSERT_EQ(core_.acquire_shared(dead, Deadline::now()), Acquired::yes);
  ASSERT_EQ(core_.acquire_shared(self_, Deadline::now()), Acquired::yes);
  core_.mend(self_, [&](std::uint64_t thread) { return thread == dead.word; });
  EXPECT_EQ(core_.readers(), 1u);
  EXPECT_TRUE(core_.release_shared(self_));
}

}  // namespace
}  // namespace cohort::sync
