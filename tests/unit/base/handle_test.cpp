// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Owners: of one resource, and of one clean-up.
#include "cohort/base/handle.hpp"

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace cohort {
namespace {

std::vector<int> released;

struct Traits {
  using Value = int;
  static constexpr int null() noexcept { return -1; }
  static void release(int value) noexcept { released.push_back(value); }
};
using Handle = UniqueHandle<Traits>;

TEST(UniqueHandle, releases_what_it_has_once) {
  released.clear();
  { Handle handle(5); }
  EXPECT_EQ(released, std::vector{5});
  { Handle none; }
  EXPECT_EQ(released, std::vector{5});
}

TEST(UniqueHandle, moves_and_leaves_nothing_behind) {
  released.clear();
  Handle first(1);
  Handle second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
  EXPECT_EQ(second.get(), 1);
  Handle third(2);
  third = std::move(second);
  EXPECT_EQ(released, std::vector{2}) << "what it had before";
  EXPECT_EQ(third.release(), 1);
  EXPECT_FALSE(third);
  static_assert(!std::is_copy_constructible_v<Handle>);
}

TEST(UniqueHandle, survives_an_assignment_to_itself) {
  released.clear();
  Handle handle(1);
  Handle& same = handle;
  handle = std::move(same);
  EXPECT_EQ(handle.get(), 1);
  EXPECT_TRUE(released.empty());
}

TEST(UniqueHandle, takes_another_by_reset) {
  released.clear();
  Handle handle(0);
  EXPECT_TRUE(handle) << "0 is no null here";
  handle.reset(3);
  handle.reset();
  EXPECT_EQ(released, (std::vector{0, 3}));
}

TEST(ScopeExit, runs_at_the_end_of_its_scope_unless_dismissed) {
  int ran = 0;
  {
    const ScopeExit end([&] { ++ran; });
  }
  EXPECT_EQ(ran, 1);
  {
    ScopeExit end([&] { ++ran; });
    end.dismiss();
  }
  EXPECT_EQ(ran, 1);
  try {
    const ScopeExit end([&] { ++ran; });
    throw 1;
  } catch (int) { EXPECT_EQ(ran, 2); }
}

}  // namespace
}  // namespace cohort
