// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Pool: who gets which task, and that many calls at once do not stand in each other's way, under every start method.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <numeric>
#include <thread>

#include "cohort/pool.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort::test {
namespace {

int square(int x) { return x * x; }
std::string large(int x) { return std::string(200'000, static_cast<char>('a' + x % 26)); }

void leave_mark(const std::string& path) { std::ofstream(path).put('x'); }
bool is_marked(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }
void wait_for_mark(const std::string& path) {
  while (!is_marked(path)) ::usleep(500);
}

// Says that it has begun, and goes on when it may.
void hold(const std::string& begun, const std::string& released) {
  leave_mark(begun);
  wait_for_mark(released);
}
void append(const std::string& path, int number) { std::ofstream(path, std::ios::app) << number << '\n'; }

// An initializer that takes its time once there is a "slow" mark.
void prepare(const std::string& directory) {
  if (!is_marked(directory + "/slow")) return;
  leave_mark(directory + "/preparing");
  wait_for_mark(directory + "/prepared");
}

class PoolOrder : public EachMethod {
 protected:
  [[nodiscard]] Pool make(int processes) const { return Pool({.processes = processes, .start_method = GetParam()}); }
  [[nodiscard]] std::string mark(const std::string& name) const { return scratch / name; }
};

TEST_P(PoolOrder, a_worker_that_comes_free_takes_the_oldest_task) {
  Pool pool = make(2);
  auto first = pool.apply_async<hold>(mark("first"), mark("first released"));
  auto second = pool.apply_async<hold>(mark("second"), mark("second released"));
  wait_for_mark(mark("first"));
  wait_for_mark(mark("second"));
  std::vector<AsyncResult<void>> tasks;
  for (int i = 0; i < 12; ++i) tasks.push_back(pool.apply_async<append>(mark("order"), i));
  leave_mark(mark("second released"));
  for (auto& task : tasks) task.get(patience());
  EXPECT_FALSE(first.ready());
  std::ifstream order(mark("order"));
  for (int i = 0, number = -1; i < 12; ++i) {
    order >> number;
    EXPECT_EQ(number, i);
  }
  leave_mark(mark("first released"));
  first.get(patience());
  second.get(patience());
}

TEST_P(PoolOrder, no_task_waits_behind_a_busy_worker_while_another_is_free) {
  Pool pool = make(3);
  auto held = pool.apply_async<hold>(mark("begun"), mark("released"));
  wait_for_mark(mark("begun"));
  // Bursts find the two others asleep, awake, and about to sleep.
  for (int burst = 0; burst < 200; ++burst) {
    std::vector<AsyncResult<int>> results;
    for (int i = 0; i < 1 + burst % 7; ++i) results.push_back(pool.apply_async<square>(i));
    for (std::size_t i = 0; i < results.size(); ++i)
      ASSERT_EQ(results[i].get(patience()), static_cast<int>(i * i)) << burst;
    if (burst % 3 == 0) ::usleep(static_cast<useconds_t>(burst % 50));
  }
  EXPECT_FALSE(held.ready());
  leave_mark(mark("released"));
  held.get(patience());
}

TEST_P(PoolOrder, as_many_tasks_as_workers_run_at_once) {
  Pool pool = make(4);
  std::vector<AsyncResult<void>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(pool.apply_async<hold>(mark(std::to_string(i)), mark("released")));
  // Each begins although the others do not end.
  for (int i = 0; i < 4; ++i) wait_for_mark(mark(std::to_string(i)));
  leave_mark(mark("released"));
  for (auto& task : tasks) task.get(patience());
}

TEST_P(PoolOrder, no_task_is_given_to_a_worker_in_its_initializer) {
  Pool pool({.processes = 2, .initializer = partial(prepare, scratch.path()), .start_method = GetParam()});
  auto held = pool.apply_async<hold>(mark("begun"), mark("released"));
  wait_for_mark(mark("begun"));
  int other = pool.apply([] { return static_cast<int>(::getpid()); });
  leave_mark(mark("slow"));
  ::kill(other, SIGKILL);
  // A fork needs a thread that waits.
  Deadline limit = patience();
  while (!is_marked(mark("preparing")) && !limit.expired()) (void)held.wait(1ms);
  ASSERT_TRUE(is_marked(mark("preparing")));
  leave_mark(mark("released"));
  held.get(patience());
  for (int i = 0; i < 20; ++i) ASSERT_EQ(pool.apply_async<square>(i).get(patience()), i * i);
  EXPECT_FALSE(is_marked(mark("prepared")));
  leave_mark(mark("prepared"));
}

TEST_P(PoolOrder, any_number_of_maps_may_be_under_way) {
  Pool pool = make(2);
  std::vector<int> values(300);
  std::iota(values.begin(), values.end(), 0);
  std::atomic<int> wrong{0};
  std::vector<std::thread> users;
  for (int t = 0; t < 40; ++t)
    users.emplace_back([&, t] {
      for (int round = 0; round < 5; ++round) {
        auto squares = pool.map<square>(values);
        for (int value : values) wrong += squares[static_cast<std::size_t>(value)] != value * value;
        wrong += pool.map<large>(std::vector{t})[0] != large(t);
      }
    });
  for (auto& user : users) user.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(PoolOrder, terminate_ends_the_maps_that_wait_for_their_turn) {
  Pool pool = make(1);
  std::atomic<int> broken{0};
  std::vector<std::thread> users;
  for (int t = 0; t < 24; ++t)
    users.emplace_back([&, t] {
      try {
        auto hold_each = [](const std::string& begun) { hold(begun, "/nonexistent/mark"); };
        pool.map(hold_each, std::vector{mark("map " + std::to_string(t))});
      } catch (const PoolBroken&) { ++broken; }
    });
  auto begun = [&] {
    for (int t = 0; t < 24; ++t)
      if (is_marked(mark("map " + std::to_string(t)))) return true;
    return false;
  };
  while (!begun()) ::usleep(500);
  pool.terminate();
  for (auto& user : users) user.join();
  EXPECT_EQ(broken, 24);
}

TEST_P(PoolOrder, join_returns_when_the_map_of_another_thread_has_ended) {
  for (int round = 0; round < 5; ++round) {
    Pool pool = make(2);
    std::string begun = mark("begun " + std::to_string(round));
    std::thread user([&] {
      auto results = pool.map(
          [](const std::string& path) {
            leave_mark(path);
            return large(3);
          },
          std::vector<std::string>(12, begun), {.chunksize = 1});
      EXPECT_EQ(results.size(), 12u);
    });
    wait_for_mark(begun);
    pool.close();
    EXPECT_TRUE(pool.join(patience()));
    user.join();
  }
}

COHORT_FOR_EACH_METHOD(PoolOrder);

}  // namespace
}  // namespace cohort::test
