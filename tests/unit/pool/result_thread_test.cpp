// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/result_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "cohort/base/deadline.hpp"

namespace cohort::detail {
namespace {

using namespace std::chrono_literals;

// A wait that ends when it is told to look.
struct Waits {
  std::mutex mutex;
  std::condition_variable changed;
  int begun = 0;
  int ended = 0;

  void operator()(const std::function<bool()>& done) {
    std::unique_lock lock(mutex);
    ++begun;
    changed.notify_all();
    while (!done()) changed.wait_for(lock, 1ms);
    ++ended;
    changed.notify_all();
  }
  [[nodiscard]] bool reach(int Waits::* count, int value) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 60s, [&] { return this->*count == value; });
  }
};

TEST(ResultThread, waits_while_results_are_expected_and_not_else) {
  auto waits = std::make_shared<Waits>();
  auto wait = [waits](const std::function<bool()>& done) { (*waits)(done); };
  ResultThread thread;
  for (int round = 1; round <= 3; ++round) {
    thread.expect_result(wait);
    thread.expect_result(wait);
    EXPECT_EQ(thread.expected(), 2u);
    ASSERT_TRUE(waits->reach(&Waits::begun, round));
    thread.result_delivered();
    EXPECT_EQ(waits->ended, round - 1);
    thread.result_delivered();
    ASSERT_TRUE(waits->reach(&Waits::ended, round));
  }
}

TEST(ResultThread, is_one_for_all_that_is_expected) {
  auto waits = std::make_shared<Waits>();
  auto wait = [waits](const std::function<bool()>& done) { (*waits)(done); };
  ResultThread thread;
  for (int i = 0; i < 10; ++i) thread.expect_result(wait);
  ASSERT_TRUE(waits->reach(&Waits::begun, 1));
  for (int i = 0; i < 10; ++i) thread.result_delivered();
  ASSERT_TRUE(waits->reach(&Waits::ended, 1));
  EXPECT_EQ(waits->begun, 1);
}

TEST(ResultThread, stop_ends_the_wait_and_returns_after_it) {
  auto waits = std::make_shared<Waits>();
  ResultThread thread;
  thread.expect_result([waits](const std::function<bool()>& done) { (*waits)(done); });
  ASSERT_TRUE(waits->reach(&Waits::begun, 1));
  thread.stop();
  EXPECT_EQ(waits->ended, 1);
}

TEST(ResultThread, may_stop_itself_and_outlives_what_throws) {
  ResultThread thread;
  std::atomic<int> calls{0};
  thread.expect_result([&](const std::function<bool()>&) {
    if (calls.fetch_add(1) == 0) throw 1;
    thread.stop();
  });
  Deadline limit = 60s;
  while (calls.load() < 2 && !limit.expired()) std::this_thread::yield();
  EXPECT_EQ(calls.load(), 2);
  thread.stop();
}

}  // namespace
}  // namespace cohort::detail
