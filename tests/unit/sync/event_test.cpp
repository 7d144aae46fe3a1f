// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/event.hpp"

#include <vector>

#include "cohort/base/error.hpp"
#include "os/process.hpp"
#include "unit/sync/sync_support.hpp"

namespace cohort::test {
namespace {

TEST(Event, is_set_from_set_to_clear) {
  Event event;
  EXPECT_FALSE(event.is_set());
  EXPECT_FALSE(event.wait(Deadline::now()));
  EXPECT_FALSE(event.wait(2ms));
  event.set();
  event.set();
  EXPECT_TRUE(event.is_set());
  EXPECT_TRUE(event.wait(Deadline::now()));
  EXPECT_TRUE(event.wait());
  event.clear();
  EXPECT_FALSE(event.is_set());
  EXPECT_FALSE(event.wait(Deadline::now()));
}

TEST(Event, wakes_all_who_sleep_even_when_it_is_cleared_at_once) {
  Event event;
  std::atomic<pid_t> tids[3] = {};
  std::vector<std::thread> threads;
  for (auto& tid : tids)
    threads.emplace_back([&] {
      tid = os::thread_id();
      EXPECT_TRUE(event.wait(patience()));
    });
  for (auto& tid : tids) {
    ASSERT_TRUE(eventually([&] { return tid != 0; }));
    await_sleep(tid);
  }
  event.set();
  event.clear();
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(event.is_set());
}

TEST(Event, ends_a_wait_when_a_stop_is_requested) {
  Event event;
  std::stop_source stop;
  std::atomic<pid_t> tid{0};
  std::thread waiter([&] {
    tid = os::thread_id();
    EXPECT_THROW(event.wait(stop.get_token()), Stopped);
  });
  ASSERT_TRUE(eventually([&] { return tid != 0; }));
  await_sleep(tid);
  stop.request_stop();
  waiter.join();
  EXPECT_THROW(event.wait({stop.get_token(), patience()}), Stopped);
  event.set();
  EXPECT_TRUE(event.wait(stop.get_token()));
}

TEST(Event, is_not_held_up_by_a_killed_waiter) {
  Event event;
  Child dead([&] { event.wait(); });
  Child alive([&] {
    if (!event.wait(patience())) ::_exit(1);
  });
  await_sleep(dead.pid());
  await_sleep(alive.pid());
  dead.kill();
  event.set();
  EXPECT_TRUE(alive.succeeded());
}

TEST(Event, throws_when_its_handle_is_null) {
  Event event(null_handle);
  EXPECT_THROW(event.set(), ClosedError);
  EXPECT_THROW((void)event.is_set(), ClosedError);
  EXPECT_THROW(event.wait(1ms), ClosedError);
}

}  // namespace
}  // namespace cohort::test
