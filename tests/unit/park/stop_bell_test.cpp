// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How a requested stop reaches a thread that sleeps.
#include "park/stop_bell.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <thread>

#include "os/poller.hpp"

namespace cohort::park {
namespace {

using namespace std::chrono_literals;

TEST(StopBell, changes_the_word_and_leaves_its_meaning) {
  std::atomic<std::uint32_t> word{3};
  std::stop_source stop;
  const Until until(stop.get_token());
  {
    const StopBell bell(until, word);
    EXPECT_EQ(word.load(), 3u);
    stop.request_stop();
    EXPECT_EQ(word.load(), 3u + kDisturbance);
  }
  EXPECT_EQ(word.load() & (kDisturbance - 1), 3u);
}

TEST(StopBell, tells_of_a_stop_that_came_before_it) {
  std::atomic<std::uint32_t> word{0};
  std::stop_source stop;
  stop.request_stop();
  const Until until(stop.get_token());
  const StopBell bell(until, word);
  EXPECT_EQ(word.load(), kDisturbance);
}

TEST(StopBell, costs_nothing_and_does_nothing_where_no_stop_can_come) {
  std::atomic<std::uint32_t> word{0};
  const Until never;
  const StopBell bell(never, word);
  EXPECT_EQ(word.load(), 0u);
}

TEST(StopBell, wakes_who_sleeps_on_the_word) {
  std::atomic<std::uint32_t> word{0};
  std::stop_source stop;
  std::atomic<bool> sleeps{false};
  std::thread sleeper([&] {
    const Until until(stop.get_token());
    const StopBell bell(until, word);
    while (!until.stopped()) {
      const std::uint32_t seen = word.load();
      if (until.stopped()) break;
      sleeps = true;
      (void)os::futex_wait(word, seen, Deadline::never());
    }
  });
  while (!sleeps) std::this_thread::yield();
  stop.request_stop();
  sleeper.join();
}

TEST(StopBell, hears_of_nothing_after_its_end) {
  std::stop_source stop;
  const Until until(stop.get_token());
  std::atomic<std::uint32_t> word{0};
  { const StopBell bell(until, word); }
  stop.request_stop();
  EXPECT_EQ(word.load(), 0u);
}

TEST(StopDescriptor, is_readable_after_a_stop_and_none_where_none_can_come) {
  std::stop_source stop;
  const Until until(stop.get_token());
  const StopDescriptor descriptor(until);
  EXPECT_FALSE(os::is_readable(descriptor.fd()));
  stop.request_stop();
  EXPECT_TRUE(os::is_readable(descriptor.fd()));
  EXPECT_EQ(StopDescriptor(Until()).fd(), -1);
}

}  // namespace
}  // namespace cohort::park
