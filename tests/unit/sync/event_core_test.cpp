// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The flag itself: its states, and that each set() has a number.
#include "sync/event_core.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace cohort::sync {
namespace {

using namespace std::chrono_literals;

TEST(EventCore, is_set_until_it_is_cleared) {
  EventBody body;
  EXPECT_FALSE(EventCore::is_set(body));
  EXPECT_EQ(EventCore::wait(body, Deadline::now()), Acquired::timed_out);
  EventCore::set(body, this_thread());
  EXPECT_TRUE(EventCore::is_set(body));
  EXPECT_EQ(EventCore::wait(body, Deadline::now()), Acquired::yes);
  EventCore::clear(body);
  EXPECT_FALSE(EventCore::is_set(body));
}

TEST(EventCore, gives_each_set_a_number_of_its_own_but_counts_none_twice) {
  EventBody body;
  EventCore::set(body, this_thread());
  const std::uint32_t first = body.state.load();
  EventCore::set(body, this_thread());
  EXPECT_EQ(body.state.load(), first) << "it was set already";
  EventCore::clear(body);
  EventCore::set(body, this_thread());
  EXPECT_NE(body.state.load(), first);
}

TEST(EventCore, wakes_who_waits_though_it_is_cleared_at_once) {
  EventBody body;
  Acquired result = Acquired::timed_out;
  std::thread waiter([&] { result = EventCore::wait(body, Deadline(30s)); });
  while ((body.waiters.load() & park::kAsleep) == 0) std::this_thread::yield();
  EventCore::set(body, this_thread());
  EventCore::clear(body);
  waiter.join();
  EXPECT_EQ(result, Acquired::yes);
}

}  // namespace
}  // namespace cohort::sync
