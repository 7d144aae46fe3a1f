// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Who a process is to the kernel, and whether one may have what another has.
#include "os/credentials.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "os/process_identity.hpp"
#include "support/in_copy.hpp"
#include "support/scratch.hpp"

namespace cohort::os {
namespace {

using test::in_copy;

TEST(Credentials, are_equal_until_something_changes) {
  Credentials first = current_credentials();
  EXPECT_EQ(first, current_credentials());
  EXPECT_EQ(first, current_credentials());
  EXPECT_NE(first.namespaces[0], 0u);
  EXPECT_EQ(in_copy([&] { return current_credentials() == first && current_credentials() == first ? 0 : 1; }), 0);
  if (::geteuid() != 0) return;
  EXPECT_EQ(in_copy([&] {
              if (::setresuid(65534, 65534, 65534) != 0) return 2;
              return current_credentials() == first ? 1 : 0;
            }),
            0);
  EXPECT_EQ(in_copy([&] {
              (void)current_credentials();
              if (::unshare(CLONE_NEWUTS) != 0) return 0;  // not allowed here
              return current_credentials() == first ? 1 : 0;
            }),
            0);
}

TEST(Privileges, are_compared_in_every_part) {
  auto own = privileges_of(0);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->uids[0], ::getuid());
  EXPECT_EQ(own->gids[1], ::getegid());
  EXPECT_TRUE(may_have(*own, *own));
  Privileges other = *own;
  other.uids[2] += 1;
  EXPECT_FALSE(may_have(other, *own));
  other = *own;
  other.gids[0] += 1;
  EXPECT_FALSE(may_have(other, *own));
  other = *own;
  other.groups.push_back(4242);
  EXPECT_FALSE(may_have(other, *own)) << "a group can also keep one out";
  Privileges free = *own;
  free.no_new_privileges = false;
  other = free;
  other.no_new_privileges = true;
  EXPECT_FALSE(may_have(other, free));
  EXPECT_TRUE(may_have(free, other));
  other = *own;
  other.seccomp_filters += 1;
  EXPECT_FALSE(may_have(other, *own));
  Privileges server = *own;
  server.permitted = 0b111;
  other = server;
  other.permitted = 0b101;
  other.bounding = 0b111;
  other.uids = server.uids = {1000, 1000, 1000};
  EXPECT_FALSE(may_have(other, server));
  other.uids = server.uids = {0, 0, 0};
  EXPECT_TRUE(may_have(other, server)) << "root has them as soon as it executes a program";
  other.bounding = 0b101;
  EXPECT_FALSE(may_have(other, server));
  EXPECT_FALSE(privileges_of(0x7fffffff));
}

TEST(Privileges, are_read_of_another_process) {
  pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  ASSERT_TRUE(test::eventually([&] { return is_stopped({pid, 0}); }));
  auto others = privileges_of(pid);
  ASSERT_TRUE(others);
  EXPECT_TRUE(others->no_new_privileges);
  EXPECT_EQ(others->groups, privileges_of(0)->groups);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace cohort::os
