// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// More copies of a process than the family has slots for members, each forked by the program itself, each killed after
// it has used what it inherited, and nobody who looks for the dead.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cohort/queue.hpp"
#include "crash/family_support.hpp"
#include "object/objects.hpp"
#include "support/scratch.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

using family::Family;
using family::testing::Balance;

constexpr int kForks = static_cast<int>(family::kMaxMembers) + 200;

TEST(RawForks, more_than_there_are_slots_may_die_and_nobody_look) {
  auto& family = Family::instance();
  { Queue<int> first; }
  (void)family.self();
  Balance before = Balance::of(family);
  {
    Lock lock;
    Queue<int> queue;
    for (int i = 0; i < kForks; ++i) {
      Child child([&] {
        queue.put(i);
        // Who comes after a dead holder waits for a moment: not each of them.
        if (i % 64 == 0 && !lock.acquire(patience())) ::_exit(98);
        ::raise(SIGKILL);
      });
      int status = child.wait();
      ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status << " of child " << i;
    }
    std::vector<int> seen(kForks, 0);
    while (auto item = queue.try_get()) ++seen.at(static_cast<std::size_t>(*item));
    EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), kForks) << "each put one item";
    ASSERT_TRUE(lock.acquire(patience()));
    EXPECT_TRUE(lock.owner_died());
    lock.release();
  }
  family::testing::expect_repaired(family, before);
  EXPECT_EQ(object::Objects(family).count(object::ObjectKind::lock), 0U);
  EXPECT_EQ(object::Objects(family).count(object::ObjectKind::queue), 0U);
}

}  // namespace
}  // namespace cohort::test
