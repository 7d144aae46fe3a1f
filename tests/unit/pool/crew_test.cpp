// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/crew.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <stdexcept>
#include <thread>

#include "cohort/process.hpp"
#include "pool/pool_block.hpp"

namespace cohort::detail {
namespace {

using namespace std::chrono_literals;

void fail() { throw std::domain_error("no"); }

// A pool that has a crew and no tasks.
class CrewTest : public ::testing::Test, public CrewOwner {
 protected:
  struct Ended {
    std::uint32_t worker;
    int pid;
    ExitStatus status;
  };
  static constexpr std::uint32_t kWorkers = 2;

  ~CrewTest() override {
    if (crew) crew->terminate();
    crew.reset();
  }

  void start(Partial initializer = {}, StartMethod method = StartMethod::forkserver) {
    crew = std::make_shared<Crew>(mutex, *this, kWorkers, Crew::Orders{method, std::move(initializer), block.offset()});
    crew->start(crew);
  }
  template <class Condition>
  [[nodiscard]] bool comes(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 60s, condition);
  }
  [[nodiscard]] bool all_run_again() {
    Deadline limit = 60s;
    while (crew->pids().size() != kWorkers && !limit.expired()) std::this_thread::sleep_for(1ms);
    return crew->pids().size() == kWorkers;
  }

  [[nodiscard]] bool wants_workers() const noexcept override { return wants; }
  void worker_ended(std::uint32_t worker, int pid, ExitStatus status) noexcept override {
    std::lock_guard guard(mutex);  // it must be free
    if (!crew->is_alive(worker)) return;
    if (!crew->note_end(worker, block.worker(worker).ready.load() != 0)) wants = goes_on = false;
    ended.push_back({worker, pid, status});
    changed.notify_all();
  }
  void has_no_workers(const std::exception_ptr&) noexcept override { ADD_FAILURE(); }
  void cannot_go_on(const std::exception_ptr&) noexcept override { ADD_FAILURE(); }

  PoolBlock block{kWorkers};
  std::mutex mutex;
  std::condition_variable changed;
  bool wants = true;
  bool goes_on = true;
  std::vector<Ended> ended;
  std::shared_ptr<Crew> crew;
};

TEST_F(CrewTest, starts_all_and_ends_all) {
  start();
  std::vector<int> pids = crew->pids();
  EXPECT_EQ(pids.size(), kWorkers);
  for (int pid : pids) EXPECT_EQ(::kill(pid, 0), 0);
  EXPECT_TRUE(crew->is_alive(0));
  crew->terminate();
  EXPECT_TRUE(active_children().empty());
}

TEST_F(CrewTest, tells_of_an_end_and_replaces_the_worker) {
  start();
  int victim = crew->pids()[1];
  ::kill(victim, SIGKILL);
  ASSERT_TRUE(comes([&] { return ended.size() == 1; }));
  EXPECT_EQ(ended[0].worker, 1u);
  EXPECT_EQ(ended[0].pid, victim);
  EXPECT_EQ(ended[0].status.signal(), SIGKILL);
  ASSERT_TRUE(all_run_again());
  EXPECT_NE(crew->pids()[1], victim);
}

TEST_F(CrewTest, replaces_nobody_whom_the_pool_does_not_want) {
  start();
  {
    std::lock_guard guard(mutex);
    wants = false;
  }
  ::kill(crew->pids()[0], SIGKILL);
  ASSERT_TRUE(comes([&] { return ended.size() == 1; }));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(crew->pids().size(), kWorkers - 1);
}

TEST_F(CrewTest, says_when_too_many_in_a_row_end_before_they_are_ready) {
  start(fail);
  ASSERT_TRUE(comes([&] { return !goes_on; }));
  EXPECT_GE(ended.size(), 3u);
  EXPECT_LE(ended.size(), 3 * kWorkers);
  for (const Ended& end : ended) EXPECT_EQ(end.status.code(), 1);
}

TEST_F(CrewTest, replaces_forked_workers_by_a_thread_that_is_about_to_sleep) {
  start({}, StartMethod::fork);
  EXPECT_TRUE(crew->before_rest().is_never());
  ::kill(crew->pids()[0], SIGKILL);
  ASSERT_TRUE(comes([&] { return ended.size() == 1; }));
  Deadline limit = 60s;
  while (crew->pids().size() != kWorkers && !limit.expired()) {
    (void)crew->before_rest();
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(crew->pids().size(), kWorkers);
}

TEST_F(CrewTest, dismissed_workers_are_not_replaced) {
  start();
  std::vector<ProcessHandle> processes;
  {
    std::lock_guard guard(mutex);
    processes = crew->dismiss();
  }
  EXPECT_EQ(processes.size(), kWorkers);
  for (const auto& process : processes) process.kill();
  ASSERT_TRUE(comes([&] { return ended.size() == kWorkers; }));
  EXPECT_TRUE(crew->pids().empty());
}

}  // namespace
}  // namespace cohort::detail
