// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Permits that have owners.
#include "sync/owned_semaphore_core.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <new>

namespace cohort::sync {
namespace {

template <std::uint32_t n>
struct Permits {
  Permits() {
    body = new (bytes) SemaphoreBody;
    for (std::uint32_t i = 0; i < n; ++i) new (bytes + sizeof(SemaphoreBody) + i * 8) OwnedSemaphoreCore::Owner(0);
    body->places.store(n);
  }
  alignas(64) std::byte bytes[OwnedSemaphoreCore::size_for(n)];
  SemaphoreBody* body;
};

TEST(OwnedSemaphoreCore, knows_how_many_the_caller_has) {
  Permits<3> permits;
  ThreadSelf& self = this_thread();
  EXPECT_EQ(OwnedSemaphoreCore::value(*permits.body), 3u);
  EXPECT_TRUE(OwnedSemaphoreCore::try_acquire(*permits.body, self));
  EXPECT_EQ(OwnedSemaphoreCore::acquire(*permits.body, self, Deadline::now()), Acquired::yes);
  EXPECT_EQ(OwnedSemaphoreCore::held(*permits.body, self), 2u);
  EXPECT_EQ(OwnedSemaphoreCore::value(*permits.body), 1u);
  EXPECT_TRUE(OwnedSemaphoreCore::is_there(*permits.body));
}

TEST(OwnedSemaphoreCore, takes_back_only_what_the_caller_has) {
  Permits<3> permits;
  ThreadSelf& self = this_thread();
  ASSERT_TRUE(OwnedSemaphoreCore::try_acquire(*permits.body, self));
  EXPECT_FALSE(OwnedSemaphoreCore::release(*permits.body, self, 2));
  EXPECT_EQ(OwnedSemaphoreCore::held(*permits.body, self), 1u) << "nothing was done";
  EXPECT_TRUE(OwnedSemaphoreCore::release(*permits.body, self));
  EXPECT_FALSE(OwnedSemaphoreCore::release(*permits.body, self));
}

TEST(OwnedSemaphoreCore, gives_back_all_that_a_dead_owner_had) {
  Permits<3> permits;
  ThreadSelf& self = this_thread();
  ThreadSelf dead = self;
  dead.member = self.member + (std::uint64_t{1} << 32);  // of that slot, later: nobody
  ASSERT_TRUE(OwnedSemaphoreCore::try_acquire(*permits.body, dead));
  ASSERT_TRUE(OwnedSemaphoreCore::try_acquire(*permits.body, dead));
  ASSERT_TRUE(OwnedSemaphoreCore::try_acquire(*permits.body, self));
  EXPECT_FALSE(OwnedSemaphoreCore::try_acquire(*permits.body, self));
  EXPECT_TRUE(OwnedSemaphoreCore::release_dead(*permits.body, self, dead.member));
  EXPECT_FALSE(OwnedSemaphoreCore::release_dead(*permits.body, self, dead.member));
  EXPECT_EQ(OwnedSemaphoreCore::value(*permits.body), 2u);
  EXPECT_EQ(permits.body->died.load(), 1u) << "until somebody says that all is sound";
}

}  // namespace
}  // namespace cohort::sync
