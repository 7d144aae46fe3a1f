// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Stops a process (as SIGSTOP does) where it holds a lock of the family, and asserts that others learn nevertheless how
// their children and workers ended, and that all that these had is given back when the process goes on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cohort/pool.hpp"
#include "cohort/process/process.hpp"
#include "cohort/sync/lock.hpp"
#include "cohort/wait/wait.hpp"
#include "crash/single_step.hpp"
#include "family/family.hpp"
#include "family/lock.hpp"

namespace cohort::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What a call may take on a machine that is busy. Held up by the victim it would take for ever.
constexpr auto kBound = 5s;

int twice(int number) { return 2 * number; }
int at_rest(int number) {
  while (true) ::pause();
  return number;
}
void rest(Lock) { (void)at_rest(0); }
void return_on_order(Lock order) { order.acquire(); }

std::uint64_t records() {
  auto now = family::Family::instance().statistics();
  return now.members_reserved + now.members_live + now.members_ended;
}

bool soon(const std::function<bool()>& condition) {
  for (auto end = Clock::now() + 60s; !condition(); ::usleep(1000))
    if (Clock::now() > end) return false;
  return true;
}

template <class Call>
auto timed(const char* what, Call&& call) {
  struct Watch {
    const char* what;
    Clock::time_point start = Clock::now();
    ~Watch() { EXPECT_LT(Clock::now() - start, kBound) << what << " waited for the stopped process"; }
  } watch{what};
  return call();
}

struct Place {
  const char* name;
  family::LockWord& (*lock)(family::Header&);
  void (*operation)();
};

const Place kPlaces[] = {
    {"the allocator", [](family::Header& header) -> family::LockWord& { return header.memory_lock; },
     [] {
       auto& family = family::Family::instance();
       family.free(family.allocate(100'000, family.self()));
     }},
    {"the table of members", [](family::Header& header) -> family::LockWord& { return header.member_lock; },
     [] {
       auto& family = family::Family::instance();
       family.abandon_member(family.reserve_member(family.self()));
     }},
    {"the table of objects", [](family::Header& header) -> family::LockWord& { return header.objects.lock; },
     [] { Lock made; }},
};

class StoppedBystander : public ::testing::TestWithParam<StartMethod> {};

TEST_P(StoppedBystander, holds_up_nobody_who_asks_how_a_child_ended) {
  if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
  auto& family = family::Family::instance();
  Lock lock;
  auto start = [&](auto function) {
    Process process({.start_method = GetParam()}, function, lock);
    process.start();
    return process;
  };
  Process first = start(return_on_order);  // with a fork server, where there is to be one
  ASSERT_TRUE(first.join(60s));
  lock = Lock();
  for (const Place& place : kPlaces) {
    SCOPED_TRACE(place.name);
    Stepped victim([&] { (void)family.self(); }, place.operation);
    const std::uint64_t before = records();
    std::uint64_t during = 0;
    {
      Process joined = start(rest), looked_at = start(rest), asked = start(rest), listed = start(rest);
      lock.acquire();
      Process returning = start(return_on_order);
      auto terminated = std::make_unique<Pool>(PoolOptions{.processes = 2, .start_method = GetParam()});
      auto ending = std::make_unique<Pool>(PoolOptions{.processes = 2, .start_method = GetParam()});
      ASSERT_EQ(terminated->apply<twice>(4), 8);
      ASSERT_EQ(ending->apply<twice>(5), 10);
      auto never = terminated->apply_async<at_rest>(1);
      during = records();
      ASSERT_GE(during, before + 6);

      auto& word = place.lock(family.header()).word;
      auto victim_holds = [&] { return static_cast<pid_t>(word.load() & family::LockGuard::kPidMask) == victim.pid(); };
      while (!victim_holds()) ASSERT_TRUE(victim.step(1)) << "the victim came by without the lock";

      for (Process* process : {&joined, &looked_at, &asked, &listed}) process->kill();
      timed("join", [&] { EXPECT_TRUE(joined.join(60s)); });
      EXPECT_EQ(joined.exitcode(), -SIGKILL);
      for (Process* process : {&looked_at, &asked, &listed}) ASSERT_FALSE(wait({*process}, 60s).empty());
      timed("is_alive", [&] { EXPECT_FALSE(looked_at.is_alive()); });
      timed("exitcode", [&] { EXPECT_EQ(asked.exitcode(), -SIGKILL); });
      auto children = timed("active_children", [] { return active_children(); });
      EXPECT_TRUE(
          std::none_of(children.begin(), children.end(), [&](auto& child) { return child.pid() == listed.pid(); }));
      EXPECT_TRUE(timed("join with a short deadline", [&] { return listed.join(20ms); }));
      lock.release();
      timed("join of one that returns", [&] { EXPECT_TRUE(returning.join(60s)); });
      EXPECT_EQ(returning.exitcode(), 0);
      ending->close();
      timed("Pool.join", [&] { EXPECT_TRUE(ending->join(60s)); });
      timed("~Pool of one that was joined", [&] { ending.reset(); });
      // Its death is learnt by the service thread, which is not held either.
      ASSERT_EQ(::kill(terminated->worker_pids().front(), SIGKILL), 0);
      timed("get", [&] {
        try {
          never.get(20ms);
        } catch (const TimeoutError&) {
        } catch (const WorkerDied&) {}
      });
      timed("Pool.terminate", [&] { terminated->terminate(); });
      timed("~Pool", [&] { terminated.reset(); });
      ASSERT_TRUE(victim_holds()) << "the victim has gone on";
    }
    EXPECT_GT(records(), before) << "nothing was put off";
    while (victim.step(1'000'000)) {}
    EXPECT_TRUE(soon([&] { return records() <= before; })) << records() << " records, " << before << " before";
    EXPECT_EQ(records(), before);
    EXPECT_STREQ(family.validate(), nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, StoppedBystander,
                         ::testing::Values(StartMethod::spawn, StartMethod::fork, StartMethod::forkserver),
                         [](const auto& method) {
                           return method.param == StartMethod::spawn  ? "spawn"
                                  : method.param == StartMethod::fork ? "fork"
                                                                      : "forkserver";
                         });

}  // namespace
}  // namespace cohort::testing
