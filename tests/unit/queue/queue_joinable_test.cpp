// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/queue/joinable_queue.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "cohort/queue/queue.hpp"
#include "cohort/sync/event.hpp"
#include "family/family.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;

TEST(JoinableQueue, join_waits_until_all_is_done) {
  JoinableQueue<int> q;
  q.join();
  q.put(1);
  q.put(2);
  EXPECT_FALSE(q.join(1ms));
  EXPECT_EQ(q.get(), 1);
  q.task_done();
  EXPECT_FALSE(q.join(1ms));
  EXPECT_EQ(q.get(), 2);
  EXPECT_FALSE(q.join(1ms));
  std::thread waiter([q] { q.join(); });
  q.task_done();
  waiter.join();
  EXPECT_THROW(q.task_done(), ValueError);
  EXPECT_TRUE(q.join(Deadline::now()));
}

TEST(JoinableQueue, a_stop_ends_join) {
  JoinableQueue<int> q;
  q.put(1);
  std::stop_source stop;
  std::thread waiter([&] { EXPECT_THROW(q.join(stop.get_token()), Stopped); });
  stop.request_stop();
  waiter.join();
}

TEST(JoinableQueue, many_workers_finish_all) {
  JoinableQueue<int> q(20);
  std::vector<std::thread> workers;
  std::atomic<int> done{0};
  for (int w = 0; w < 4; ++w)
    workers.emplace_back([&] {
      while (q.get() >= 0) {
        ++done;
        q.task_done();
      }
      q.task_done();
    });
  for (int i = 0; i < 10000; ++i) q.put(i);
  q.join();
  EXPECT_EQ(done, 10000);
  for (int w = 0; w < 4; ++w) q.put(-1);
  q.join();
  for (auto& worker : workers) worker.join();
}

TEST(JoinableQueue, with_redelivery_counts_what_this_process_took) {
  JoinableQueue<std::string> q({.redeliver = true, .most_unfinished_gets = 3});
  EXPECT_THROW(q.task_done(), ValueError);
  for (int i = 0; i < 5; ++i) q.put(std::string(static_cast<std::size_t>(i) * 5000, 'x'));
  EXPECT_THROW(q.task_done(), ValueError);
  EXPECT_EQ(q.get().size(), 0u);
  EXPECT_EQ(q.get().size(), 5000u);
  EXPECT_EQ(q.get().size(), 10000u);
  EXPECT_EQ(q.qsize(), 2u);
  EXPECT_THROW((void)q.get(), StateError) << "three are taken and not done";
  q.task_done();
  EXPECT_EQ(q.get().size(), 15000u);
  for (int i = 0; i < 3; ++i) q.task_done();
  EXPECT_FALSE(q.join(1ms));
  EXPECT_EQ(q.get().size(), 20000u);
  q.task_done();
  q.join();
  EXPECT_THROW(q.task_done(), ValueError);
}

TEST(JoinableQueue, with_redelivery_gives_a_sleeper_the_item_of_a_killed_copy_of_the_program) {
  JoinableQueue<int> q({.redeliver = true});
  Event taken;
  q.put(7);
  // Not by Process: no parent repairs it.
  pid_t copy = ::fork();
  if (copy == 0) {
    (void)q.get();
    taken.set();
    for (;;) ::pause();
  }
  ASSERT_TRUE(taken.wait(std::chrono::seconds(30)));
  ::kill(copy, SIGKILL);
  EXPECT_EQ(q.get(std::chrono::seconds(30)), 7);
  q.task_done();
  ::waitpid(copy, nullptr, 0);
}

TEST(JoinableQueue, with_redelivery_carries_plain_items_many_at_once_and_handles) {
  JoinableQueue<int> numbers({.redeliver = true});
  EXPECT_EQ(numbers.put_many(std::vector<int>{1, 2, 3}), 3u);
  EXPECT_EQ(numbers.get_many(2), (std::vector<int>{1, 2}));
  EXPECT_EQ(numbers.try_get(), 3);
  EXPECT_EQ(numbers.try_get(), std::nullopt);
  for (int i = 0; i < 3; ++i) numbers.task_done();
  numbers.join();
  JoinableQueue<Queue<int>> handles({.redeliver = true});
  {
    Queue<int> inner;
    inner.put(5);
    handles.put(inner);
  }
  EXPECT_EQ(handles.get().get(), 5);
  handles.task_done();
  handles.join();
}

TEST(JoinableQueue, gives_back_the_memory_of_leases_and_items) {
  (void)family::Family::instance().self();
  auto before = family_memory_statistics();
  {
    JoinableQueue<std::pair<std::string, Queue<int>>> q({.redeliver = true});
    for (int i = 0; i < 50; ++i) q.put({std::string(static_cast<std::size_t>(i) * 1000, 'x'), Queue<int>()});
    for (int i = 0; i < 30; ++i) (void)q.get();
    for (int i = 0; i < 10; ++i) q.task_done();
  }
  EXPECT_LE(family_memory_statistics().blocks, before.blocks + 4);  // tables of this process
}

TEST(JoinableQueue, refuses_senseless_options) {
  EXPECT_THROW(JoinableQueue<int>({.redeliver = true, .most_unfinished_gets = 0}), ValueError);
  EXPECT_THROW(JoinableQueue<int>({.redeliver = true, .most_unfinished_gets = 1u << 30}), ValueError);
}

}  // namespace
}  // namespace cohort
