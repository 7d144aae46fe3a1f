// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process at every crash point of the family memory, and asserts that its siblings go on and nothing leaks.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/base/bytes.hpp"
#include "cohort/base/error.hpp"
#include "crash/family_support.hpp"
#include "crash/kill_rounds.hpp"
#include "unit/family/private_memory.hpp"

namespace cohort::family {
namespace {

using namespace cohort::literals;
using cohort::testing::for_each_kill;
using testing::Balance;
using testing::expect_repaired;
using testing::fork_child;
using testing::wait_for;
using testing::was_killed;

class ShmCrash : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Small enough that one scenario reaches its limits: coalescing and trimming run.
    configure_family_memory({.budget = 512_MiB});
    (void)Family::instance().self();
  }
  Family& family = Family::instance();
};

// One life of a member that passes every step of blocks and members.
void live_a_full_life(Family& family) {
  MemberId self = family.self();
  // Gaps before an aligned block, and merging of a long list.
  std::vector<Offset> blocks;
  for (std::size_t size : {64U, 4096U, 64U, 16384U, 64U}) blocks.push_back(family.allocate(size, self));
  for (int i = 0; i < 200; ++i) blocks.push_back(family.allocate(64, self));
  for (Offset block : blocks) family.free(block);
  Offset control = family.allocate_control(1000, self);
  family.set_owner(control, kNobody);
  family.set_owner(control, self);
  // Owned when the process dies later on.
  (void)family.allocate(5000, self);
  // 128 MiB kept is above the high-water mark of a 512 MiB budget.
  family.free(family.allocate(std::size_t{128} << 20, self));
  family.rebuild();

  MemberId first = family.reserve_member(self);
  (void)family.allocate(700, first);
  family.abandon_member(first);
  MemberId second = family.reserve_member(self);
  pid_t child = ::fork();
  if (child == 0) {
    family.become(second);
    (void)family.allocate(900, second);
    (void)family.allocate_control(900, second);
    Family::leave();
    // An armed point may have killed us before; ending alike makes both ways one for the parent.
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  family.member_died(second);
  family.release_member(second);

  // A member that dies with blocks, repaired by this one.
  child = ::fork();
  if (child == 0) {
    (void)family.allocate(80, family.self());
    (void)family.allocate(80, family.self());
    ::raise(SIGKILL);
  }
  ::waitpid(child, &status, 0);
  family.sweep();
  Family::leave();
}

TEST_F(ShmCrash, a_full_life_leaves_nothing_behind) {
  Balance before = Balance::of(family);
  int status = wait_for(fork_child([&] { live_a_full_life(family); }));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  expect_repaired(family, before);
}

// Points that only contention, a death before, or a fresh heap reaches have tests of their own.
const std::set<std::string> kElsewhere = {"shm.lock.taken_over",   "shm.lock.marked_damaged",  "shm.lock.before_wake",
                                          "shm.extend.gap",        "shm.extend.before_commit", "shm.take_over.named",
                                          "shm.take_over.counted", "shm.take_over.live"};

TEST_F(ShmCrash, survives_a_death_at_every_point_of_a_full_life) {
  int deaths = 0;
  std::vector<std::string> points = crash_points();
  std::erase_if(points, [](const std::string& name) { return !name.starts_with("shm.") || kElsewhere.contains(name); });
  for_each_kill(points, {1, 2, 3, 7, 50}, [&](const std::string& point, int hit, int) {
    Balance before = Balance::of(family);
    int status = wait_for(fork_child([&] {
      arm_crash_point(point, hit);
      live_a_full_life(family);
    }));
    bool died = was_killed(status);
    EXPECT_TRUE(died || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << status;
    // What only the grandchild passes kills the grandchild.
    if (hit == 1) { EXPECT_EQ(died, point.rfind("shm.become", 0) != 0) << "the scenario does not pass this point"; }
    deaths += died ? 1 : 0;
    expect_repaired(family, before);
  });
  EXPECT_GE(deaths, 40);
}

TEST_F(ShmCrash, survives_a_death_while_the_heap_grows) {
  const MemberId dead{9, 9};
  const std::vector<std::string> points = {"shm.extend.gap", "shm.extend.before_commit", "shm.allocate.before_commit",
                                           "shm.allocate.committed"};
  for_each_kill(points, {1, 2, 3, 4}, [&](const std::string& point, int hit, int round) {
    testing::PrivateMemory memory;
    Offset kept = memory.payload(64);
    int status = wait_for(fork_child([&] {
      arm_crash_point(point, hit);
      os::ProcessIdentity self = own_identity();
      for (std::uint64_t size : {4096U, 64U, 65536U, 64U, 1048576U, 200U, 2097152U, 64U})
        (void)memory.blocks.allocate(Blocks::Region::payload, size, dead, self);
    }));
    if (round == 0) { EXPECT_TRUE(was_killed(status)); }
    memory.free(memory.payload(300));
    memory.blocks.free_owned(dead, memory.self);
    EXPECT_STREQ(memory.blocks.validate(memory.self), nullptr);
    EXPECT_EQ(memory.blocks.usage().blocks, 1U);
    memory.free(kept);
    EXPECT_EQ(memory.blocks.usage().used_bytes, 0U);
  });
}

TEST_F(ShmCrash, survives_a_death_while_a_block_is_split_for_the_first_time) {
  // Only now are the words inside the block zero: later they hold what earlier splits left, which may hide a fault.
  const MemberId dead{9, 9};
  int deaths = 0;
  for (const std::string& point : crash_points()) {
    SCOPED_TRACE(point);
    testing::PrivateMemory memory;
    memory.free(memory.payload(testing::kMiB));
    Offset after = memory.payload(2 * testing::kMiB);
    int status = wait_for(fork_child([&] {
      arm_crash_point(point);
      // Fresh space is not to be had for these, so the warm block is cut.
      for (std::uint64_t size : {65536U, 65536U, 131072U})
        (void)memory.blocks.allocate(Blocks::Region::payload, size, dead, own_identity());
    }));
    deaths += was_killed(status) ? 1 : 0;
    memory.free(memory.payload(300));
    memory.blocks.free_owned(dead, memory.self);
    EXPECT_STREQ(memory.blocks.validate(memory.self), nullptr);
    EXPECT_EQ(memory.blocks.usage().blocks, 1U);
    EXPECT_EQ(memory.blocks.owner(after), kNobody);
    EXPECT_EQ(memory.blocks.usage().used_bytes, 2 * testing::kMiB);
    EXPECT_GE(memory.blocks.usage().kept_bytes, testing::kMiB);
  }
  EXPECT_GE(deaths, 3);
}

TEST_F(ShmCrash, survives_a_death_of_who_takes_over_from_the_dead) {
  const std::vector<std::string> points = {"shm.lock.taken_over", "shm.lock.marked_damaged", "shm.repair.begun",
                                           "shm.rebuild.cleared", "shm.rebuild.walked",      "shm.repair.done"};
  for_each_kill(points, {1}, [&](const std::string& second, int, int round) {
    for (const char* first : {"shm.allocate.unlinked", "shm.free.committed", "shm.allocate.before_commit"}) {
      SCOPED_TRACE(std::string("after ") + first);
      Balance before = Balance::of(family);
      std::uint64_t takeovers = family.statistics().takeovers;
      // Two repairers die, in later rounds one to three.
      std::vector<std::string> chain{first};
      chain.resize(static_cast<std::size_t>(round == 0 ? 3 : 2 + round % 3), second);
      for (const std::string& point : chain) {
        int status = wait_for(fork_child([&] {
          MemberId self = family.self();
          arm_crash_point(point);
          for (int i = 0; i < 3; ++i) family.free(family.allocate(200, self));
        }));
        EXPECT_TRUE(was_killed(status));
      }
      expect_repaired(family, before);
      EXPECT_GE(family.statistics().takeovers, takeovers + 1);
      if (HasFailure()) return;
    }
  });
}

TEST_F(ShmCrash, a_lost_wake_up_is_made_up_for) {
  Balance before = Balance::of(family);
  // Two fight for the lock, so that one releases it with a sleeper behind; it dies just before the wake-up.
  int killed = 0;
  int wanted = std::max(3, cohort::testing::kills_wanted());
  for (int round = 0; round < 7 * wanted && killed < wanted; ++round) {
    pid_t one = fork_child([&] {
      MemberId self = family.self();
      arm_crash_point("shm.lock.before_wake", 1 + round % 5);
      for (int i = 0; i < 3000000; ++i) family.free(family.allocate(200, self));
    });
    auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    while (std::chrono::steady_clock::now() < until) family.free(family.allocate(200, family.self()));
    ::kill(one, SIGTERM);
    if (was_killed(wait_for(one))) ++killed;
    expect_repaired(family, before);
  }
  RecordProperty("killed", killed);
}

TEST_F(ShmCrash, a_child_that_comes_after_its_parent_died_finds_its_slot_given_up) {
  Balance before = Balance::of(family);
  int ids[2], go[2];
  ASSERT_EQ(::pipe(ids), 0);
  ASSERT_EQ(::pipe(go), 0);
  pid_t parent = fork_child([&] {
    MemberId reserved = family.reserve_member(family.self());
    pid_t child = ::fork();
    if (child == 0) {
      char byte;
      (void)!::read(go[0], &byte, 1);
      try {
        family.become(reserved);
        byte = 'b';
      } catch (const StateError&) { byte = 'x'; }
      (void)!::write(ids[1], &byte, 1);
      ::_exit(0);
    }
    ::raise(SIGKILL);
  });
  wait_for(parent);
  EXPECT_EQ(family.sweep(), 2U);
  ASSERT_EQ(::write(go[1], "g", 1), 1);
  char answer = 0;
  ASSERT_EQ(::read(ids[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'x');
  for (int fd : {ids[0], ids[1], go[0], go[1]}) ::close(fd);
  expect_repaired(family, before);
}

}  // namespace
}  // namespace cohort::family
