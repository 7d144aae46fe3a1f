// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "park/wait_word.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <thread>
#include <vector>

namespace cohort::park {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kLong{60};

TEST(WaitWord, gives_what_is_ready_without_a_mark) {
  std::atomic<std::uint32_t> word{0};
  Waited waited = WaitWord(word).wait([] { return true; }, Until(Deadline::now()));
  EXPECT_TRUE(waited.ready());
  EXPECT_FALSE(waited.slept);
  EXPECT_EQ(word.load(), 0U);
}

TEST(WaitWord, ends_at_the_deadline_and_on_a_stop) {
  std::atomic<std::uint32_t> word{0};
  auto never = [] { return false; };
  EXPECT_EQ(WaitWord(word).wait(never, Until(Deadline::now())).end, Waited::End::timed_out);
  EXPECT_EQ(WaitWord(word).wait(never, Until(milliseconds(5))).end, Waited::End::timed_out);
  std::stop_source source;
  std::stop_token token = source.get_token();
  std::atomic<bool> looked{false};
  std::jthread stopper([&] {
    while (!looked) std::this_thread::yield();
    source.request_stop();
  });
  auto look = [&] {
    looked = true;
    return false;
  };
  EXPECT_EQ(WaitWord(word).wait(look, {token, kLong}).end, Waited::End::stopped);
}

TEST(WaitWord, asks_for_the_dead_after_each_sleep_that_nobody_ended) {
  std::atomic<std::uint32_t> word{0};
  int asked = 0;
  auto overdue = [&](const Patience&) { return ++asked == 3; };
  Hooks hooks;
  hooks.overdue = overdue;
  Waited waited = WaitWord(word).wait([] { return false; }, Until(Deadline(kLong)), hooks);
  EXPECT_TRUE(waited.ready());
  EXPECT_TRUE(waited.slept);
  EXPECT_EQ(asked, 3);
}

TEST(WaitWord, wakes_as_many_as_it_is_told_to) {
  constexpr std::uint32_t kThreads = 3;
  std::atomic<std::uint32_t> word{0};
  std::atomic<std::uint32_t> tokens{0};
  auto take = [&] {
    std::uint32_t now = tokens.load();
    while (now != 0)
      if (tokens.compare_exchange_weak(now, now - 1)) return true;
    return false;
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < kThreads; ++i)
      threads.emplace_back([&] {
        Waited waited = WaitWord(word).wait(take, Until(Deadline(kLong)));
        EXPECT_TRUE(waited.ready());
        if (waited.slept) WaitWord(word).pass_on([&] { return tokens.load() != 0; });
      });
    for (std::uint32_t i = 0; i < kThreads; ++i) {
      tokens.fetch_add(1);
      WaitWord(word).wake(1, true);
    }
  }
  EXPECT_EQ(tokens.load(), 0U);
}

TEST(WaitWord, keeps_the_other_bits_of_a_word_in_which_its_mark_stands) {
  std::atomic<std::uint32_t> counter{7};
  std::atomic<std::uint64_t> wide{5};
  WaitWord word(counter, Mark(wide, std::uint64_t{1} << 63));
  EXPECT_EQ(word.announce(), 7U);
  EXPECT_EQ(wide.load(), 5 | std::uint64_t{1} << 63);
  word.wake(1, true);
  EXPECT_EQ(wide.load(), 5U);
  EXPECT_EQ(counter.load(), 8U);
  word.wake(1, true);
  EXPECT_EQ(counter.load(), 8U) << "nobody sleeps: nothing is changed";
}

}  // namespace
}  // namespace cohort::park
