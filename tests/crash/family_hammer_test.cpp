// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Several processes use the family memory as hard as they can, and are killed at random moments.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "cohort/base/bytes.hpp"
#include "cohort/base/error.hpp"
#include "crash/family_support.hpp"

namespace cohort::family {
namespace {

using namespace cohort::literals;
using testing::Balance;
using testing::expect_repaired;
using testing::fork_child;
using Clock = std::chrono::steady_clock;

double seconds_to_run() {
  const char* text = std::getenv("COHORT_HAMMER_SECONDS");
  return text != nullptr ? std::atof(text) : 5;
}

// What a hammering child does until it is killed: 98 when it sees another's bytes in its own block.
[[noreturn]] void hammer(Family& family, unsigned seed) {
  std::mt19937 random(seed);
  MemberId self = family.self();
  struct Held {
    Offset at;
    std::uint64_t stamp;
  };
  std::vector<Held> held;
  held.reserve(64);
  for (std::uint64_t round = 0;; ++round) {
    auto dice = static_cast<unsigned>(random() % 100);
    if (held.empty() || (held.size() < 60 && dice < 50)) {
      std::size_t size = random() % (std::size_t{1} << (random() % 17)) + 8;
      Offset at = dice < 10 ? family.allocate_control(size, self) : family.allocate(size, self);
      std::uint64_t stamp = std::uint64_t{seed} << 32 | round;
      std::memcpy(family.address(at, 8), &stamp, 8);
      held.push_back({at, stamp});
    } else if (dice < 97) {
      std::swap(held[random() % held.size()], held.back());
      Held last = held.back();
      held.pop_back();
      if (std::memcmp(family.address(last.at, 8), &last.stamp, 8) != 0) ::_exit(98);
      if (!family.set_owner(last.at, self, self)) ::_exit(97);
      family.free(last.at);
    } else {
      MemberId child = family.reserve_member(self);
      (void)family.allocate(100, child);
      family.abandon_member(child);
    }
  }
}

TEST(ShmHammer, random_deaths_of_busy_members_corrupt_and_leak_nothing) {
  configure_family_memory({.budget = 256_MiB});
  Family& family = Family::instance();
  (void)family.self();
  Balance before = Balance::of(family);
  unsigned seed = std::random_device{}();
  if (const char* text = std::getenv("COHORT_SEED")) seed = static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  std::printf("seed %u (COHORT_SEED repeats it)\n", seed);
  std::mt19937 random(seed);
  constexpr int kMembers = 4;
  std::vector<pid_t> children(kMembers);
  auto start = [&](int i) {
    auto child_seed = static_cast<unsigned>(random());
    children[static_cast<std::size_t>(i)] = fork_child([&] { hammer(family, child_seed); });
  };
  for (int i = 0; i < kMembers; ++i) start(i);
  auto end = Clock::now() + std::chrono::duration<double>(seconds_to_run());
  long kills = 0;
  double longest = 0;
  while (Clock::now() < end) {
    // The moment is left to chance: 0 to 3 ms of our own work on the same memory.
    auto until = Clock::now() + std::chrono::microseconds(random() % 3000);
    while (Clock::now() < until) {
      auto began = Clock::now();
      family.free(family.allocate(random() % 5000, family.self()));
      longest = std::max(longest, std::chrono::duration<double>(Clock::now() - began).count());
    }
    int victim = static_cast<int>(random() % kMembers);
    pid_t child = children[static_cast<std::size_t>(victim)];
    ::kill(child, SIGKILL);
    ASSERT_TRUE(testing::was_killed(testing::wait_for(child)))
        << "a child ended by itself, after " << kills << " kills";
    ++kills;
    if (random() % 2 == 0) family.sweep();
    if (kills % 50 == 0) { ASSERT_STREQ(family.validate(), nullptr) << "after " << kills << " kills"; }
    start(victim);
  }
  for (pid_t child : children) {
    ::kill(child, SIGKILL);
    testing::wait_for(child);
  }
  expect_repaired(family, before);
  std::printf("%ld kills, %llu locks taken over, longest call of a sibling %.1f ms\n", kills,
              static_cast<unsigned long long>(family.statistics().takeovers), longest * 1e3);
  EXPECT_GT(kills, 10);
}

}  // namespace
}  // namespace cohort::family
