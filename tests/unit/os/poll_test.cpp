// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Waiting for descriptors: any number, whatever limits and signals come.
#include "os/linux/poll.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"
#include "os/poller.hpp"
#include "os/stream_io.hpp"

namespace cohort::os {
namespace {

using namespace std::chrono_literals;

TEST(Poll, waits_for_more_than_the_limit_of_descriptors_allows) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  Fd ready = make_eventfd(), idle = make_eventfd();
  notify(ready.get());
  std::vector<PollItem> items(200, PollItem{.fd = idle.get()});
  std::vector<int> fds(200, idle.get());
  for (rlim_t most : {rlim_t{64}, rlim_t{0}}) {
    rlimit less = before;
    less.rlim_cur = most;
    ::setrlimit(RLIMIT_NOFILE, &less);
    EXPECT_EQ(poll_items(items, 20ms), 0U);
    EXPECT_TRUE(wait_any_readable(fds, 20ms).empty());
    EXPECT_TRUE(is_readable(ready.get()));
    EXPECT_FALSE(is_readable(idle.get()));
    EXPECT_TRUE(wait_readable(ready.get(), 10s));
    std::vector<PollItem> some = items;
    some[7] = {.fd = ready.get()};
    some[8] = {.fd = idle.get(), .for_write = true};
    some[9] = {.fd = -1};
    EXPECT_EQ(poll_items(some, Deadline::never()), 2U);
    EXPECT_TRUE(some[7].ready && some[8].ready && !some[6].ready && !some[9].ready);
    some[10] = {.fd = 1000};
    EXPECT_EQ(poll_each(some, Deadline::never()), 3U);
    EXPECT_TRUE(some[10].ready && some[10].closed && !some[7].closed);
    EXPECT_THROW(poll_items(some, Deadline::never()), OsError);
    ::setrlimit(RLIMIT_NOFILE, &before);
  }
}

TEST(Poll, skips_negative_descriptors_and_counts_the_ready) {
  Fd ready = make_eventfd(), idle = make_eventfd();
  notify(ready.get());
  pollfd entries[] = {{-1, POLLIN, 0}, {ready.get(), POLLIN, 0}, {idle.get(), POLLIN, 0}};
  EXPECT_EQ(poll_until(entries, Deadline::never()), 1);
  EXPECT_EQ(entries[0].revents, 0);
  EXPECT_EQ(entries[1].revents, POLLIN);
  EXPECT_EQ(entries[2].revents, 0);
  take_notifications(ready.get());
  EXPECT_EQ(poll_until(entries, Deadline::now()), 0);
  EXPECT_EQ(poll_until({}, 1ms), 0);
}

TEST(Poll, goes_on_after_a_signal) {
  struct sigaction quiet{}, before{};
  quiet.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &quiet, &before);
  Fd word = make_eventfd();
  std::atomic<int> result{-1};
  std::thread waiter([&] {
    pollfd entry{word.get(), POLLIN, 0};
    result = poll_until({&entry, 1}, 30s);
  });
  for (int i = 0; i < 50; ++i) ::pthread_kill(waiter.native_handle(), SIGUSR1);
  notify(word.get());
  waiter.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_EQ(result, 1);
}

}  // namespace
}  // namespace cohort::os
