// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A fence that one side pays for both: store and look on each side, and never do both see nothing.
#include "os/barrier.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

TEST(RemoteFence, is_joined_again_and_by_forked_children) {
  const bool here = join_remote_fences();
  EXPECT_EQ(join_remote_fences(), here);
  EXPECT_EQ(test::in_copy([&] {
              remote_fence();
              return join_remote_fences() == here ? 0 : 1;
            }),
            0);
}

TEST(RemoteFence, lets_one_of_two_see_the_other) {
  if (!join_remote_fences()) GTEST_SKIP() << "no remote fences here";
  constexpr int kRounds = 200;  // two turns of the scheduler each on a machine that has much to do
  std::atomic<int> light{0}, heavy{0}, round{0}, saw_heavy{0};
  std::thread other([&] {
    for (int i = 1; i <= kRounds; ++i) {
      while (round.load() != i) std::this_thread::yield();
      light.store(i, std::memory_order_relaxed);
      std::atomic_signal_fence(std::memory_order_seq_cst);  // the compiler only: the other side fences for both
      const int seen = heavy.load(std::memory_order_relaxed);
      saw_heavy.store(seen == i ? i : -i);
    }
  });
  int blind = 0;
  for (int i = 1; i <= kRounds; ++i) {
    round.store(i);
    heavy.store(i, std::memory_order_relaxed);
    remote_fence();
    const bool saw_light = light.load(std::memory_order_relaxed) == i;
    int other_saw = 0;
    do { other_saw = saw_heavy.load(); } while (other_saw != i && other_saw != -i);
    if (!saw_light && other_saw == -i) ++blind;
  }
  other.join();
  EXPECT_EQ(blind, 0);
}

}  // namespace
}  // namespace cohort::os
