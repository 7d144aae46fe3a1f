// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What tests/conformance/pool_* cannot see: where and when results are delivered.
#include "pool/pool_core.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "cohort/pool/worker_died.hpp"
#include "os/thread.hpp"
#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

using namespace std::chrono_literals;
using testing::TwiceCall;

int sleep_for_ever(int) {
  std::this_thread::sleep_for(1h);
  return 0;
}
using SleepCall = Invocation<Function<sleep_for_ever>, true, ParameterList<int>>;

// Uses the pool while it is delivered to.
class UsingSink final : public testing::KeepingSink {
 public:
  UsingSink(std::weak_ptr<PoolBackend> pool, bool prompt) : KeepingSink(prompt), pool_(std::move(pool)) {}
  void deliver(TaskResult&& result) noexcept override {
    KeepingSink::deliver(std::move(result));
    if (auto pool = pool_.lock()) (void)pool->name_of_callable(callable());  // takes the pool's mutex
    thread = std::this_thread::get_id();
    there.store(true);
  }
  [[nodiscard]] bool comes() const {
    Deadline limit = 60s;
    while (!there.load() && !limit.expired()) std::this_thread::sleep_for(1ms);
    return there.load();
  }

  std::atomic<bool> there{false};
  std::thread::id thread;

 private:
  std::weak_ptr<PoolBackend> pool_;
};

class PoolCoreTest : public ::testing::Test {
 protected:
  PoolRef pool = make_process_pool({.processes = 2});
  ~PoolCoreTest() override { pool->terminate(); }

  template <class Call = TwiceCall>
  std::shared_ptr<UsingSink> submit(int n, bool prompt, int retries = 0) {
    auto sink = std::make_shared<UsingSink>(pool, prompt);
    pool->submit(Call::descriptor, [&](Encoder& out) { Call::encode_arguments(out, {n}); }, {.retries = retries}, sink);
    return sink;
  }
};

TEST_F(PoolCoreTest, delivers_without_its_mutex_to_whoever_it_is_for) {
  auto first = submit(1, false);
  auto second = submit(2, false);
  EXPECT_TRUE(pool->wait_until([&] { return first->there.load() && second->there.load(); }, 60s, "test", first.get()));
  EXPECT_EQ(first->value(), 2);
  EXPECT_EQ(second->value(), 4);
  EXPECT_EQ(second->thread, std::this_thread::get_id());
}

TEST_F(PoolCoreTest, delivers_although_nobody_waits_where_that_is_asked_for) {
  for (int i = 0; i < 20; ++i) {
    auto sink = submit(i, true);
    ASSERT_TRUE(sink->comes()) << i;
    EXPECT_EQ(sink->value(), 2 * i);
    EXPECT_NE(sink->thread, std::this_thread::get_id());
  }
}

TEST_F(PoolCoreTest, starts_no_thread_for_what_is_waited_for) {
  auto warm = submit(1, false);
  EXPECT_TRUE(pool->wait_until([&] { return warm->there.load(); }, 60s, "test", warm.get()));
  int before = os::library_threads();
  auto sink = submit(1, false);
  EXPECT_TRUE(pool->wait_until([&] { return sink->there.load(); }, 60s, "test", sink.get()));
  EXPECT_EQ(os::library_threads(), before);
}

TEST_F(PoolCoreTest, delivers_a_death_although_nobody_waits) {
  auto sink = submit<SleepCall>(1, false);
  Deadline limit = 60s;
  for (int pid : pool->worker_pids()) ::kill(pid, SIGKILL);
  while (!sink->there.load() && !limit.expired()) {
    // Which of the two has the task is not known, and it may have been begun by a replacement.
    for (int pid : pool->worker_pids()) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(50ms);
  }
  ASSERT_TRUE(sink->there.load());
  EXPECT_THROW((void)sink->value(), Error);
}

TEST_F(PoolCoreTest, terminate_delivers_all_that_is_open) {
  std::vector<std::shared_ptr<UsingSink>> sinks;
  for (int i = 0; i < 100; ++i) sinks.push_back(submit<SleepCall>(i, i % 2 == 0));
  pool->terminate();
  for (const auto& sink : sinks) {
    ASSERT_TRUE(sink->there.load());
    EXPECT_THROW((void)sink->value(), PoolBroken);
  }
}

TEST_F(PoolCoreTest, join_returns_when_what_others_carry_has_been_delivered) {
  for (int round = 0; round < 20; ++round) {
    PoolRef one = make_process_pool({.processes = 1});
    auto first = std::make_shared<UsingSink>(one, round % 2 == 0);
    auto encode = [](Encoder& out) { TwiceCall::encode_arguments(out, {5}); };
    one->submit(TwiceCall::descriptor, encode, {}, first);
    std::thread other([&] { (void)one->wait_until([&] { return first->there.load(); }, 60s, "test", nullptr); });
    one->close();
    EXPECT_TRUE(one->join(60s));
    EXPECT_TRUE(first->there.load());
    other.join();
  }
}

}  // namespace
}  // namespace cohort::detail
