// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/child.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "cohort/base/error.hpp"

namespace cohort::os {
namespace {

using namespace std::chrono_literals;

SpawnPlan shell(const std::string& script) {
  SpawnPlan plan;
  plan.executables = {"/bin/sh"};
  plan.argv = {"sh", "-c", script};
  return plan;
}

// A child that runs until its standard input ends.
struct Waiting {
  Fd input;
  Child child;
  explicit Waiting(const std::string& after = "exit 5") {
    auto [read_end, write_end] = make_pipe();
    SpawnPlan plan = shell("read x; " + after);
    plan.fds = {{0, read_end.get()}};
    child = Child::start(plan);
    input = std::move(write_end);
  }
};

struct ChildModes : testing::TestWithParam<unsigned> {
  void SetUp() override { force_spawn_fallbacks(GetParam()); }
  void TearDown() override { force_spawn_fallbacks(force_none); }
};
INSTANTIATE_TEST_SUITE_P(Child, ChildModes, testing::Values(force_none, force_no_pidfd));

TEST_P(ChildModes, gives_the_exit_code_again_and_again) {
  Waiting w;
  EXPECT_FALSE(w.child.poll());
  EXPECT_FALSE(w.child.wait(1ms));
  EXPECT_FALSE(w.child.status());
  w.input.reset();
  EXPECT_EQ(w.child.wait(Deadline::never()), ExitStatus::exited(5));
  EXPECT_EQ(w.child.wait(Deadline::never()), ExitStatus::exited(5));
  EXPECT_EQ(w.child.poll(), ExitStatus::exited(5));
  EXPECT_EQ(w.child.status(), ExitStatus::exited(5));
  ASSERT_TRUE(w.child.usage());
  EXPECT_GT(w.child.usage()->max_resident_bytes, 0U);
}

TEST_P(ChildModes, waits_with_a_limit_no_longer_than_needed) {
  Waiting w;
  std::thread closer([&] { w.input.reset(); });
  EXPECT_EQ(w.child.wait(60s), ExitStatus::exited(5));
  closer.join();
}

TEST_P(ChildModes, names_the_signal_that_ended_it) {
  Waiting w;
  EXPECT_TRUE(w.child.send_signal(SIGKILL));
  EXPECT_EQ(w.child.wait(Deadline::never()), ExitStatus::signaled(SIGKILL));
  EXPECT_FALSE(w.child.send_signal(SIGKILL)) << "a dead child's number may be another's";
}

TEST_P(ChildModes, is_unknown_when_somebody_else_reaped_it) {
  Waiting w;
  w.input.reset();
  int status = 0;
  ASSERT_EQ(waitpid(w.child.pid(), &status, 0), w.child.pid());
  EXPECT_FALSE(w.child.send_signal(SIGKILL));
  EXPECT_EQ(w.child.wait(Deadline::never()), ExitStatus::unknown());
  EXPECT_FALSE(w.child.poll()->success());
}

TEST_P(ChildModes, is_unknown_when_the_program_ignores_sigchld) {
  auto* old = signal(SIGCHLD, SIG_IGN);
  {
    Waiting w;
    EXPECT_FALSE(w.child.poll()) << "still running";
    w.input.reset();
    EXPECT_EQ(w.child.wait(60s), ExitStatus::unknown());
  }
  signal(SIGCHLD, old);
}

TEST_P(ChildModes, tells_the_status_to_all_waiters) {
  Waiting w;
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      auto status = w.child.wait(i % 2 != 0 ? Deadline(60s) : Deadline::never());
      if (status == ExitStatus::exited(5)) ++right;
    });
  }
  w.input.reset();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 8);
}

TEST(Child, does_not_block_when_dropped_and_is_reaped_later) {
  Fd input;
  pid_t pid;
  {
    Waiting w;
    pid = w.child.pid();
    input = std::move(w.input);
  }
  EXPECT_GE(Child::reap_abandoned(), 1U);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT), 0) << "it must still be ours";
  input.reset();
  ASSERT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(Child::reap_abandoned(), 0U);
  EXPECT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOHANG), -1) << "no zombie is left";
}

TEST(Child, signals_the_group_it_leads) {
  auto [read_end, write_end] = make_pipe();
  SpawnPlan plan = shell("sleep 1000 & echo started; wait");
  plan.process_group = 0;
  plan.fds = {{1, write_end.get()}};
  Child child = Child::start(plan);
  write_end.reset();
  char text[8];
  ASSERT_EQ(read(read_end.get(), text, 8), 8);
  EXPECT_TRUE(child.send_signal_to_group(SIGKILL));
  EXPECT_EQ(child.wait(60s), ExitStatus::signaled(SIGKILL));
  EXPECT_EQ(read(read_end.get(), text, 8), 0) << "the grandchild held the pipe";
}

TEST(Child, adopts_a_forked_process) {
  pid_t pid = fork();
  if (pid == 0) _exit(9);
  Child child(pid);
  EXPECT_EQ(child.wait(60s), ExitStatus::exited(9));
}

TEST(Child, refuses_a_signal_that_does_not_exist) {
  Waiting w;
  EXPECT_THROW(w.child.send_signal(10'000), OsError);
  EXPECT_TRUE(w.child.send_signal(0));
  w.input.reset();  // no child is left to a later test
  EXPECT_EQ(w.child.wait(60s), ExitStatus::exited(5));
}

TEST(Child, which_is_none_has_no_status_and_takes_no_signal) {
  Child none;
  EXPECT_EQ(none.pid(), -1);
  EXPECT_EQ(none.wait(Deadline::never()), ExitStatus::unknown());
  EXPECT_FALSE(none.send_signal(SIGKILL));
}

}  // namespace
}  // namespace cohort::os
