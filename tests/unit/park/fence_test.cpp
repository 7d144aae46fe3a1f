// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The two fences: of one that stores and looks on each side, one sees the other. The model tests show it for every
// order; here it runs.
#include "park/fence.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace cohort::park {
namespace {

// Each takes two turns of the scheduler on a machine that has much to do.
constexpr int kRounds = 200;

// How often of `rounds` neither side saw the other. A side stores its round, fences and looks for the other's.
template <class Here, class There>
int blind_rounds(int rounds, Here here, There there) {
  std::atomic<int> a{0}, b{0}, begun{0}, ended{0};
  std::atomic<bool> saw_a{false};
  std::thread other([&] {
    for (int i = 1; i <= rounds; ++i) {
      while (begun.load() != i) std::this_thread::yield();
      b.store(i, std::memory_order_relaxed);
      there();
      saw_a = a.load(std::memory_order_relaxed) == i;
      ended.store(i);
    }
  });
  int blind = 0;
  for (int i = 1; i <= rounds; ++i) {
    begun.store(i);
    a.store(i, std::memory_order_relaxed);
    here();
    const bool saw_b = b.load(std::memory_order_relaxed) == i;
    while (ended.load() != i) std::this_thread::yield();
    if (!saw_a && !saw_b) ++blind;
  }
  other.join();
  return blind;
}

TEST(Fence, of_who_sleeps_pays_for_both) {
  const bool full = !os::join_remote_fences();
  EXPECT_EQ(blind_rounds(kRounds, heavy_fence, [&] { light_fence(full); }), 0);
}

TEST(Fence, by_an_instruction_does_without_the_other) {
  EXPECT_EQ(blind_rounds(kRounds, full_fence, full_fence), 0);
  EXPECT_EQ(blind_rounds(kRounds, full_fence, [] { light_fence(true); }), 0);
}

}  // namespace
}  // namespace cohort::park
