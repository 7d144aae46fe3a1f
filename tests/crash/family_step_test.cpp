// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process after each single instruction of an operation on the family memory.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crash/family_support.hpp"
#include "crash/single_step.hpp"
#include "unit/family/private_memory.hpp"

namespace cohort::family {
namespace {

using cohort::testing::may_trace;
using cohort::testing::Steps;
using testing::Balance;
using testing::expect_repaired;
using testing::fork_child;

// The member's name is made before the steps are counted.
void join() { (void)Family::instance().self(); }
void know_self() { (void)own_identity(); }

// `mend` runs after each death, once the dead is repaired.
template <class Operation, class Mend>
void kill_at_every_instruction(const char* name, Operation&& operation, Mend&& mend) {
  if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
  Family& family = Family::instance();
  (void)family.self();
  family.sweep();
  Balance before = Balance::of(family);
  Steps steps(name, 1.5);
  while (steps.go_on()) {
    SCOPED_TRACE(steps.place());
    steps.kill(join, operation);
    family.sweep();
    mend();
    expect_repaired(family, before);
  }
  EXPECT_GT(steps.kills(), 20);
}

template <class Operation>
void kill_at_every_instruction(const char* name, Operation&& operation) {
  kill_at_every_instruction(name, operation, [] {});
}

TEST(ShmStep, allocating_a_warm_block_may_be_cut_off_anywhere) {
  Family& family = Family::instance();
  family.free(family.allocate(200, family.self()));
  kill_at_every_instruction("allocate", [&] { (void)family.allocate(200, Family::self_or_nobody()); });
}

TEST(ShmStep, splitting_a_block_for_the_first_time_may_be_cut_off_anywhere) {
  if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
  const MemberId dead{9, 9};
  // A memory of its own for each step: only a first split finds zeroes inside the block.
  Steps steps("a block's first split", 1);
  while (steps.go_on()) {
    SCOPED_TRACE(steps.place());
    testing::PrivateMemory memory;
    memory.free(memory.payload(65536));
    (void)memory.payload(65536 * 2);
    steps.kill(know_self, [&] { (void)memory.blocks.allocate(Blocks::Region::payload, 1024, dead, own_identity()); });
    memory.free(memory.payload(300));
    memory.blocks.free_owned(dead, memory.self);
    ASSERT_STREQ(memory.blocks.validate(memory.self), nullptr);
    ASSERT_EQ(memory.blocks.usage().used_bytes, 65536U * 2);
    ASSERT_GE(memory.blocks.usage().kept_bytes, 65536U);
  }
}

TEST(ShmStep, freeing_may_be_cut_off_anywhere) {
  Family& family = Family::instance();
  kill_at_every_instruction("allocate and free", [&] { family.free(family.allocate(100, Family::self_or_nobody())); });
}

TEST(ShmStep, handing_over_may_be_cut_off_anywhere) {
  Family& family = Family::instance();
  const MemberId queue = family.reserve_member(family.self());  // who keeps blocks for others
  Offset block = family.allocate(100, queue);
  auto take = [&] { (void)family.set_owner(block, queue, Family::self_or_nobody()); };
  int taken = 0;
  kill_at_every_instruction("set_owner", take, [&] {
    // All or nothing: the queue's still, or the dead one's and so freed. Never lost in between.
    if (family.set_owner(block, queue, queue)) return;
    ++taken;
    block = family.allocate(100, queue);
  });
  EXPECT_GT(taken, 0);
  family.abandon_member(queue);
}

TEST(ShmStep, reserving_and_giving_up_a_member_may_be_cut_off_anywhere) {
  Family& family = Family::instance();
  kill_at_every_instruction("reserve_member and abandon_member", [&] {
    MemberId child = family.reserve_member(Family::self_or_nobody());
    family.abandon_member(child);
  });
}

// Dies with blocks. Returns who it was.
MemberId leave_a_corpse(Family& family) {
  int ids[2];
  EXPECT_EQ(::pipe(ids), 0);
  testing::wait_for(fork_child([&] {
    MemberId id = family.self();
    for (std::uint64_t size : {80U, 9000U}) (void)family.allocate(size, id);
    (void)!::write(ids[1], &id, sizeof id);
    ::raise(SIGKILL);
  }));
  MemberId dead{};
  EXPECT_EQ(::read(ids[0], &dead, sizeof dead), static_cast<ssize_t>(sizeof dead));
  for (int fd : ids) ::close(fd);
  return dead;
}

TEST(ShmStep, the_repair_of_a_member_may_be_cut_off_anywhere) {
  if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
  Family& family = Family::instance();
  (void)family.self();
  family.sweep();
  Balance before = Balance::of(family);
  Steps steps("repair of a dead member with 2 blocks", 0.7);
  while (steps.go_on()) {
    SCOPED_TRACE(steps.place());
    MemberId dead = leave_a_corpse(family);
    steps.kill(join, [&] { (void)family.member_died(dead); });
    expect_repaired(family, before);
  }
  EXPECT_GT(steps.kills(), 20);
}

// One dies in the middle of allocate() or free() and holds the lock; who takes it over rebuilds the lists and dies,
// too.
TEST(ShmStep, taking_over_from_the_dead_may_be_cut_off_anywhere) {
  if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
  const MemberId dead{9, 9};
  auto warm = [](testing::PrivateMemory& memory) {
    memory.free(memory.payload(65536));
    (void)memory.payload(65536 * 2);
  };
  auto use = [&](testing::PrivateMemory& memory) {
    Offset block = memory.blocks.allocate(Blocks::Region::payload, 1024, dead, own_identity());
    memory.blocks.free(block, own_identity());
  };
  std::vector<long> held;
  {
    testing::PrivateMemory memory;
    warm(memory);
    cohort::testing::Stepped corpse(know_self, [&] { use(memory); });
    for (long at = 1; corpse.step(1); ++at)
      if (memory.windows.header().memory_lock.word.load() != 0) held.push_back(at);
  }
  ASSERT_FALSE(held.empty());
  // Some of them, in all parts of the two: the repair is the same.
  for (std::size_t part : {1, 2, 3, 4}) {
    long middle = held[part * held.size() / 5];
    Steps steps("take over from one dead after " + std::to_string(middle), 0.15);
    while (steps.go_on()) {
      SCOPED_TRACE(steps.place());
      testing::PrivateMemory memory;
      warm(memory);
      EXPECT_TRUE(cohort::testing::kill_after(middle, know_self, [&] { use(memory); }));
      steps.kill(know_self, [&] { use(memory); });
      memory.free(memory.payload(300));
      memory.blocks.free_owned(dead, memory.self);
      ASSERT_STREQ(memory.blocks.validate(memory.self), nullptr);
      ASSERT_EQ(memory.blocks.usage().used_bytes, 65536U * 2);
    }
  }
}

TEST(ShmStep, leaving_may_be_cut_off_anywhere) {
  Family& family = Family::instance();
  kill_at_every_instruction("leave", [&] {
    (void)family.allocate(100, Family::self_or_nobody());
    Family::leave();
  });
}

}  // namespace
}  // namespace cohort::family
