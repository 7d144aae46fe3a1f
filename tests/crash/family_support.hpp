// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the crash tests of the family memory share: children made by plain fork, and the checks after a death.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "family/family.hpp"

namespace cohort::family::testing {

/// Forks; the child runs `body` and ends without running destructors: 0, or 99 when body throws.
template <class Body>
pid_t fork_child(Body&& body) {
  pid_t child = ::fork();
  if (child != 0) return child;
  // No child outlives a test program that is killed by its deadline.
  ::alarm(50);
  try {
    body();
  } catch (...) { ::_exit(99); }
  ::_exit(0);
}

inline int wait_for(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

inline bool was_killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }

/// Bytes and blocks in use: what must be as before once the dead are repaired.
struct Balance {
  std::uint64_t bytes, blocks, live, reserved, ended;

  static Balance of(Family& family) {
    FamilyMemoryStatistics now = family.statistics();
    return {now.in_use.count, now.blocks, now.members_live, now.members_reserved, now.members_ended};
  }
  friend bool operator==(const Balance&, const Balance&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Balance& b) {
    return out << b.bytes << " bytes in " << b.blocks << " blocks; members " << b.live << " live, " << b.reserved
               << " reserved, " << b.ended << " ended";
  }
};

/// What must hold after a death: the structure is sound, a sibling goes on, and after the repair nothing is missing.
inline void expect_repaired(Family& family, const Balance& before) {
  // A sibling goes on at once, before anybody repaired on purpose.
  Offset block = family.allocate(3000, family.self());
  family.free(block);
  family.free(family.allocate_control(100, family.self()));
  family.sweep();
  EXPECT_STREQ(family.validate(), nullptr);
  EXPECT_EQ(Balance::of(family), before);
  // A second repair finds nothing.
  EXPECT_EQ(family.sweep(), 0U);
  EXPECT_EQ(Balance::of(family), before);
}

}  // namespace cohort::family::testing
