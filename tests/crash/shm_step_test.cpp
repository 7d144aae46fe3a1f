// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Kills a process after each single instruction of an operation on the family memory.
#include <gtest/gtest.h>
#include <sys/ptrace.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "crash/shm_support.hpp"
#include "unit/shm/private_memory.hpp"

namespace cohort::shm {
namespace {

using testing::Balance;
using testing::expect_repaired;
using testing::fork_child;

// Runs `operation` in a child for `steps` instructions, then kills it. Returns false when the operation had ended.
template <class Operation>
bool kill_after(long steps, Operation&& operation) {
  pid_t child = fork_child([&] {
    Family::instance().self();
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    operation();
    ::raise(SIGSTOP);
  });
  int status = 0;
  ::waitpid(child, &status, 0);
  bool ended = false;
  for (long i = 0; i < steps && !ended; ++i) {
    ::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
    ::waitpid(child, &status, 0);
    ended = !WIFSTOPPED(status) || WSTOPSIG(status) == SIGSTOP;
  }
  ::kill(child, SIGKILL);
  if (WIFSTOPPED(status)) ::waitpid(child, &status, 0);
  return !ended;
}

bool may_trace() {
  pid_t child = fork_child([] {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  });
  int status = testing::wait_for(child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// How far to go on: every instruction while that fits in the time, then every k-th. Under a sanitizer an operation has
// tens of thousands, and a machine may be busy, so k grows without limit.
class Stride {
 public:
  [[nodiscard]] double spent() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] long next() const {
    if (spent() < 2) return 1;
    if (spent() < 4) return 7;  // coprime to the length of any loop worth meeting
    if (spent() < 8) return 61;
    return 61 * (1L << std::min(static_cast<long>(spent() / 4) - 1, 12L)) + 1;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// `mend` runs after each death, once the dead is repaired.
template <class Operation, class Mend>
void kill_at_every_instruction(const char* name, Operation&& operation, Mend&& mend) {
  if (!may_trace()) GTEST_SKIP() << "this system does not let a process trace its child (ptrace)";
  Family& family = Family::instance();
  (void)family.self();
  family.sweep();
  Balance before = Balance::of(family);
  Stride stride;
  long kills = 0;
  for (long at = 1; kill_after(at, operation); at += stride.next()) {
    ++kills;
    SCOPED_TRACE(std::string(name) + " killed after " + std::to_string(at) + " instructions");
    family.sweep();
    mend();
    expect_repaired(family, before);
    if (::testing::Test::HasFailure()) return;
    ASSERT_LT(at, 1000000) << "the operation does not end";
  }
  EXPECT_GT(kills, 20);
  std::printf("%s: %ld kills in %.1f s\n", name, kills, stride.spent());
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
  Stride stride;
  for (long at = 1;; at += std::max(at < 200 ? 1L : 3L, stride.next())) {
    SCOPED_TRACE("killed after " + std::to_string(at) + " instructions");
    testing::PrivateMemory memory;
    memory.free(memory.payload(65536));
    (void)memory.payload(65536 * 2);
    bool killed =
        kill_after(at, [&] { (void)memory.blocks.allocate(Blocks::Region::payload, 1024, dead, own_identity()); });
    memory.free(memory.payload(300));
    memory.blocks.free_owned(dead, memory.self);
    ASSERT_STREQ(memory.blocks.validate(memory.self), nullptr);
    ASSERT_EQ(memory.blocks.usage().used_bytes, 65536U * 2);
    ASSERT_GE(memory.blocks.usage().kept_bytes, 65536U);
    if (!killed) break;
    ASSERT_LT(at, 100000);
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

TEST(ShmStep, leaving_may_be_cut_off_anywhere) {
  Family& family = Family::instance();
  kill_at_every_instruction("leave", [&] {
    (void)family.allocate(100, Family::self_or_nobody());
    Family::leave();
  });
}

}  // namespace
}  // namespace cohort::shm
