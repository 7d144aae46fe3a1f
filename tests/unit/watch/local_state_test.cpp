// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "watch/local_state.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cohort::watch {
namespace {

TEST(LocalState, is_let_go_of_by_the_last_call_after_the_close) {
  std::atomic<std::uint32_t> word{0};
  LocalState state(word);
  EXPECT_TRUE(state.begin_use());
  EXPECT_TRUE(state.begin_use());
  EXPECT_FALSE(state.end_use()) << "it is open";
  EXPECT_FALSE(state.closed());
  EXPECT_TRUE(state.close());
  EXPECT_TRUE(state.closed());
  EXPECT_FALSE(state.close()) << "it was closed before";
  EXPECT_FALSE(state.claim_unused()) << "a call uses it";
  EXPECT_TRUE(state.end_use());
  EXPECT_FALSE(state.claim_unused()) << "once is enough";
}

TEST(LocalState, refuses_calls_after_the_close_and_is_let_go_of_without_one) {
  std::atomic<std::uint32_t> word{0};
  LocalState state(word);
  EXPECT_TRUE(state.close());
  EXPECT_TRUE(state.claim_unused());
  EXPECT_FALSE(state.begin_use());
  EXPECT_FALSE(state.end_use()) << "it was let go of already";
}

TEST(LocalState, keeps_the_mark_of_a_descriptor_apart_from_uses_and_the_close) {
  std::atomic<std::uint32_t> word{0};
  LocalState state(word);
  state.set_polled(true);
  EXPECT_TRUE(state.polled());
  EXPECT_TRUE(state.begin_use());
  EXPECT_FALSE(state.used_by_others());
  EXPECT_TRUE(state.begin_use());
  EXPECT_TRUE(state.used_by_others());
  EXPECT_FALSE(state.end_use());
  EXPECT_TRUE(state.close());
  EXPECT_TRUE(state.polled());
  EXPECT_TRUE(state.end_use());
  state.set_polled(false);
  EXPECT_FALSE(state.polled());
  EXPECT_TRUE(state.closed());
}

TEST(LocalState, is_the_same_for_all_handles_of_an_object) {
  std::atomic<std::uint32_t> word{0};
  std::atomic<std::uint32_t> other{0};
  EXPECT_TRUE(LocalState(word) == LocalState(word));
  EXPECT_FALSE(LocalState(word) == LocalState(other));
}

// Calls begin and end while it is closed: one of them lets go.
TEST(LocalState, is_let_go_of_once_whatever_calls_come_with_the_close) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<std::uint32_t> word{0};
    std::atomic<int> let_go{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        LocalState state(word);
        for (int i = 0; i < 50; ++i) {
          (void)state.begin_use();
          if (t == 0 && i == 25 && state.close() && state.claim_unused()) ++let_go;
          if (state.end_use()) ++let_go;
        }
      });
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(let_go, 1) << round;
  }
}

}  // namespace
}  // namespace cohort::watch
