// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Ending a child together with what it started.
#include "os/process_tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "cohort/base/error.hpp"
#include "os/poller.hpp"

namespace cohort::os {
namespace {

using namespace std::chrono_literals;

// A shell that starts `text`; whoever holds the pipe's writing end is alive.
struct Tree {
  explicit Tree(const std::string& text, bool session = false) {
    auto [read_end, write_end] = make_pipe();
    SpawnPlan plan;
    plan.executables = {"/bin/sh"};
    plan.argv = {"sh", "-c", text};
    plan.fds = {{1, write_end.get()}};
    plan.new_session = session;
    root = Child::start(plan);
    held = std::move(read_end);
    char byte;
    EXPECT_EQ(::read(held.get(), &byte, 1), 1) << "it has started all";
  }
  bool is_gone() const {
    char byte;
    return wait_readable(held.get(), 30s) && ::read(held.get(), &byte, 1) == 0;
  }
  Child root;
  Fd held;
};

TEST(ProcessTree, ends_with_children_and_grandchildren) {
  Tree tree("(sleep 1000 & sleep 1000 & wait) & echo; exec sleep 1000");
  const TreeKilled killed = kill_descendants_of(tree.root, false);
  EXPECT_TRUE(killed.searched);
  EXPECT_GE(killed.killed, 2u);
  EXPECT_TRUE(tree.is_gone());
  EXPECT_EQ(tree.root.wait(30s)->signal(), SIGKILL);
}

TEST(ProcessTree, ends_with_the_group_that_its_root_leads) {
  // The one in between is gone, so that only the group leads to the sleeper.
  Tree tree("(sleep 1000 &) ; echo; exec sleep 1000", true);
  (void)kill_descendants_of(tree.root, true);
  EXPECT_TRUE(tree.is_gone());
}

TEST(ProcessTree, of_a_child_that_has_ended_hits_nobody) {
  Tree tree("echo; exit 0");
  ASSERT_TRUE(tree.root.wait(30s));
  EXPECT_EQ(kill_descendants_of(tree.root, false).killed, 0u);
}

TEST(ControlGroup, is_refused_below_what_is_no_group) {
  EXPECT_THROW(ControlGroup("/tmp"), OsError);
  EXPECT_THROW(ControlGroup("/no/such/directory"), OsError);
  ControlGroup none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.procs_fd(), -1);
}

}  // namespace
}  // namespace cohort::os
