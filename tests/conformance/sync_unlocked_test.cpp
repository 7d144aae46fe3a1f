// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The user's code runs under no lock of ours: what a barrier calls, and the predicates of conditions.
#include <gtest/gtest.h>

#include <chrono>

#include "cohort/base/error.hpp"
#include "cohort/sync/barrier.hpp"
#include "cohort/sync/condition.hpp"
#include "cohort/sync/event.hpp"
#include "support/elsewhere.hpp"

namespace cohort::test {
namespace {

using namespace std::chrono_literals;

Barrier* meeting = nullptr;
bool other_thread_ended = false;

void use_meeting() {
  auto use = [] {
    (void)meeting->parties();
    (void)meeting->n_waiting();
    (void)meeting->broken();
  };
  use();
  other_thread_ended = ends_elsewhere(use);
}

void break_meeting() {
  other_thread_ended = ends_elsewhere([] { meeting->abort(); });
  meeting->reset();
}

TEST(Unlocked, the_action_of_a_barrier_may_use_the_barrier) {
  Barrier barrier(1, use_meeting);
  meeting = &barrier;
  other_thread_ended = false;
  ASSERT_TRUE(ends_elsewhere([&barrier] { EXPECT_EQ(barrier.wait(), 0); }));
  EXPECT_TRUE(other_thread_ended);
}

TEST(Unlocked, the_action_of_a_barrier_may_break_and_renew_it) {
  Barrier barrier(1, break_meeting);
  meeting = &barrier;
  other_thread_ended = false;
  ASSERT_TRUE(ends_elsewhere([&barrier] { EXPECT_THROW(barrier.wait(), BrokenBarrierError); }));
  EXPECT_TRUE(other_thread_ended);
  EXPECT_FALSE(barrier.broken());
}

TEST(Unlocked, a_predicate_may_use_its_condition) {
  Condition condition;
  EXPECT_TRUE(ends_elsewhere([condition]() mutable {
    condition.acquire();
    int calls = 0;
    EXPECT_TRUE(condition.wait_for(
        [&] {
          (void)condition.n_waiting();
          condition.notify_all();
          return ++calls == 2;
        },
        10ms));
    condition.release();
  }));
}

}  // namespace
}  // namespace cohort::test
