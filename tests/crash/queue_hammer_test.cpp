// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Producers and consumers of one queue killed at random moments: every item that was put is received once, but for at
// most one a killed consumer. COHORT_TEST_SECONDS=60 for a long run; the seed is printed.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "crash/queue_support.hpp"
#include "object/handle_access.hpp"
#include "ring/ring.hpp"

namespace cohort::testing {
namespace {

using namespace std::chrono_literals;
using family::Family;
using family::testing::Balance;
using family::testing::fork_child;
using family::testing::wait_for;

double seconds_to_run() {
  const char* wanted = std::getenv("COHORT_TEST_SECONDS");
  return wanted != nullptr ? std::atof(wanted) : 2;
}

void produce(Queue<std::string>& q, Account& account, unsigned seed) {
  std::minstd_rand random(seed);
  while (true) put_text(q, account, random() % 50 == 0 ? 9000 + random() % 20000 : random() % 400);
}

void consume(Queue<std::string>& q, Account& account) {
  while (true) account.got(id_of(q.get()));
}

// The first of everything makes what stays.
void warm_up(Account& account) {
  (void)Family::instance().self();
  Queue<std::string> warm;
  put_text(warm, account, 20000);
  (void)warm.get();
  account.clear();
}

void report(int producers, int consumers, unsigned seed, std::uint64_t kills, std::uint64_t allowed, Account& account,
            std::uint64_t takeovers, double longest_stall) {
  auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf(
      "%dp%dc: seed %u, %llu kills, %llu items, %llu lost (at most %llu may be), %llu take-overs, longest stall %.0f "
      "ms\n",
      producers, consumers, seed, number(kills), number(account.put_count()), number(account.lost()), number(allowed),
      number(takeovers), longest_stall * 1000);
}

void hammer(int producers, int consumers, std::size_t bound) {
  auto& family = Family::instance();
  auto& account = Account::make();
  warm_up(account);
  Balance before = Balance::of(family);
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  std::uint64_t killed_consumers = 0, kills = 0;
  double longest_stall = 0;
  {
    Queue<std::string> q(bound);
    std::vector<pid_t> processes;
    auto start = [&](std::size_t role) {
      return role < static_cast<std::size_t>(producers)
                 ? fork_child([&, one = static_cast<unsigned>(random())] { produce(q, account, one); })
                 : fork_child([&] { consume(q, account); });
    };
    for (std::size_t i = 0; i < static_cast<std::size_t>(producers + consumers); ++i) processes.push_back(start(i));
    auto now = [] { return std::chrono::steady_clock::now(); };
    auto begun = now();
    auto progress = begun;
    std::uint64_t got = 0;
    while (now() - begun < std::chrono::duration<double>(seconds_to_run()) &&
           account.put_count() < Account::kItems - 9999) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 6000));
      std::size_t victim = random() % processes.size();
      ::kill(processes[victim], SIGKILL);
      wait_for(processes[victim]);
      ++kills;
      killed_consumers += victim >= static_cast<std::size_t>(producers);
      processes[victim] = start(victim);
      if (kills % 8 == 0) family.sweep();  // slots of the dead are few
      if (kills % 16 != 0) continue;
      if (std::uint64_t count = account.got_count(); count != got) {
        got = count;
        longest_stall = std::max(longest_stall, std::chrono::duration<double>(now() - progress).count());
        progress = now();
      }
    }
    for (pid_t process : processes) {
      ::kill(process, SIGKILL);
      wait_for(process);
    }
    killed_consumers += static_cast<std::uint64_t>(consumers);
    family.sweep();
    while (auto text = q.try_get(200ms)) account.got(id_of(*text));
    account.expect_balanced(killed_consumers);
    q.put("1:b");
    EXPECT_EQ(q.get(), "1:b");
    report(producers, consumers, seed, kills, killed_consumers, account,
           ring::takeovers(*static_cast<ring::RingBody*>(detail::HandleAccess::body(q))), longest_stall);
  }
  family.sweep();
  EXPECT_STREQ(family.validate(), nullptr);
  EXPECT_EQ(Balance::of(family), before);
  EXPECT_GT(account.put_count(), 1000u);
  account.remove();
}

TEST(QueueHammer, one_producer_three_consumers) { hammer(1, 3, 100); }
TEST(QueueHammer, two_and_two) { hammer(2, 2, 64); }
TEST(QueueHammer, three_producers_one_consumer) { hammer(3, 1, 2000); }

}  // namespace
}  // namespace cohort::testing
