// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The child's side of a spawn, given its orders by hand in a forked process.
#include "os/linux/spawn_child.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "os/fd.hpp"

namespace cohort::os {
namespace {

struct Program {
  explicit Program(std::string text) : text_(std::move(text)) {
    orders.executables = executables_;
    orders.argv = argv_;
    orders.environment = environment_;
    argv_[2] = text_.data();
  }
  // What it wrote, and its exit status; the report when it did not come so far.
  std::string run() {
    auto [read_end, write_end] = make_pipe();
    auto [report_end, child_report_end] = make_pipe();
    ChildFd fds[] = {{1, write_end.get()}};
    int kept[] = {1};
    orders.fds = fds;
    orders.fd_count = 1;
    orders.kept = kept;
    orders.kept_count = 1;
    orders.report_fd = child_report_end.get();
    pid_t pid = ::fork();
    if (pid == 0) (void)child_main(&orders);
    write_end.reset();
    child_report_end.reset();
    std::string text(4096, 0);
    text.resize(read_full(read_end.get(), std::as_writable_bytes(std::span(text))));
    (void)read_full(report_end.get(), std::as_writable_bytes(std::span(&report, 1)));
    int status = 0;
    ::waitpid(pid, &status, 0);
    exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return text;
  }

  ChildOrders orders;
  ChildReport report;
  int exit_status = -1;

 private:
  std::string text_;
  char shell_[8] = "/bin/sh", name_[3] = "sh", flag_[3] = "-c", variable_[4] = "A=1";
  char* executables_[2] = {shell_, nullptr};
  char* argv_[4] = {name_, flag_, nullptr, nullptr};
  char* environment_[2] = {variable_, nullptr};
};

TEST(SpawnChild, executes_the_program_with_its_words_and_environment) {
  Program program("echo $A; exit 4");
  EXPECT_EQ(program.run(), "1\n");
  EXPECT_EQ(program.exit_status, 4);
  EXPECT_EQ(program.report.step, ChildStep::none);
}

TEST(SpawnChild, closes_what_it_is_not_to_keep) {
  Fd stray = duplicate(2, 60);
  set_close_on_exec(stray.get(), false);
  Program program("[ -e /proc/self/fd/60 ] && echo open || echo closed");
  EXPECT_EQ(program.run(), "closed\n");
  Program keeps("[ -e /proc/self/fd/60 ] && echo open || echo closed");
  keeps.orders.close_fds = false;
  EXPECT_EQ(keeps.run(), "open\n");
}

TEST(SpawnChild, says_which_step_failed_and_with_what) {
  Program nowhere("exit 0");
  nowhere.orders.cwd = "/no/such/directory";
  (void)nowhere.run();
  EXPECT_EQ(nowhere.report.step, ChildStep::chdir);
  EXPECT_EQ(nowhere.report.error, ENOENT);
  EXPECT_EQ(nowhere.exit_status, 127);
  Program nothing("exit 0");
  char missing[] = "/no/such/program";
  char* files[] = {missing, nullptr};
  nothing.orders.executables = files;
  (void)nothing.run();
  EXPECT_EQ(nothing.report.step, ChildStep::execve);
  EXPECT_EQ(nothing.report.error, ENOENT);
}

TEST(SpawnChild, starts_with_the_mask_that_it_is_given) {
  Program program("");  // not by a shell, which may unblock all
  char file[] = "/bin/grep", name[] = "grep", pattern[] = "SigBlk", status[] = "/proc/self/status";
  char* files[] = {file, nullptr};
  char* words[] = {name, pattern, status, nullptr};
  program.orders.executables = files;
  program.orders.argv = words;
  program.orders.signal_mask = KernelSignalSet{1} << (SIGUSR1 - 1);
  EXPECT_EQ(program.run(), "SigBlk:\t0000000000000200\n");
}

TEST(SpawnChild, names_each_step_by_its_call) {
  EXPECT_STREQ(step_name(ChildStep::execve), "execve");
  EXPECT_STREQ(step_name(ChildStep::fchdir), "fchdir");
  EXPECT_STREQ(step_name(ChildStep::setgroups), "setgroups");
}

}  // namespace
}  // namespace cohort::os
