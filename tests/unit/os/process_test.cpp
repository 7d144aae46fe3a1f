// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// This process among others.
#include "os/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "cohort/base/error.hpp"
#include "os/process_identity.hpp"
#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

using test::in_copy;

TEST(Process, kills_all_that_descends_from_it) {
  EXPECT_EQ(in_copy([] {
              become_subreaper();
              for (int i = 0; i < 3; ++i) {
                if (::fork() == 0) {
                  if (::fork() == 0) ::setsid();
                  while (true) ::pause();
                }
              }
              kill_descendants();
              return child_processes().empty() ? 0 : 1;
            }),
            0);
}

TEST(Process, tells_an_ended_child_without_reaping_it) {
  EXPECT_EQ(in_copy([] {
              if (peek_ended_child().pid != 0) return 1;
              pid_t pid = ::fork();
              if (pid == 0) ::_exit(7);
              EndedChild ended;
              while (ended.pid == 0) ended = peek_ended_child();
              if (ended.pid != pid || ended.wait_status != 7 << 8) return 2;
              if (peek_ended_child().pid != pid) return 3;
              reap_child(pid);
              return peek_ended_child().pid == 0 ? 0 : 4;
            }),
            0);
}

TEST(Process, distinguishes_sent_gone_and_refused_signals) {
  pid_t pid = ::fork();
  if (pid == 0)
    while (true) ::pause();
  Fd life = open_pidfd(pid);
  ASSERT_TRUE(life);
  EXPECT_EQ(send_signal(life.get(), 0), SignalOutcome::sent);
  EXPECT_EQ(send_signal(life.get(), SIGKILL), SignalOutcome::sent);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(send_signal(life.get(), SIGKILL), SignalOutcome::gone);
  EXPECT_EQ(send_signal(0, SIGKILL), SignalOutcome::refused);
}

TEST(ThreadCount, counts_those_that_live_and_forgets_the_joined) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) std::this_thread::yield();
  });
  EXPECT_EQ(thread_count(), 2);
  EXPECT_EQ(settled_thread_count(1), 2);
  stop = true;
  other.join();
  EXPECT_EQ(settled_thread_count(1), 1);
}

TEST(Process, lists_its_children_until_they_are_reaped) {
  EXPECT_EQ(in_copy([] {
              if (!child_processes().empty()) return 1;
              pid_t pid = fork_process();
              if (pid == 0)
                while (true) ::pause();
              if (child_processes() != std::vector{pid}) return 2;
              signal_child(pid, SIGKILL);
              int status = 0;
              ::waitpid(pid, &status, 0);
              return WTERMSIG(status) == SIGKILL && child_processes().empty() ? 0 : 3;
            }),
            0);
}

TEST(Process, enters_the_directory_that_a_descriptor_names) {
  EXPECT_EQ(in_copy([] {
              Fd before = working_directory();
              if (::chdir("/") != 0 || !enter_directory(before.get())) return 1;
              char now[4096];
              if (::getcwd(now, sizeof now) == nullptr || std::string(now) == "/") return 2;
              return enter_directory(null_device().get()) || enter_directory(-1) ? 3 : 0;
            }),
            0);
}

TEST(Process, has_nothing_to_read_once_its_input_is_detached) {
  EXPECT_EQ(in_copy([] {
              detach_standard_input();
              char byte;
              if (::read(0, &byte, 1) != 0) return 1;
              install_fd(null_device().get(), 77);
              return ::fcntl(77, F_GETFD) == 0 ? 0 : 2;  // inheritable
            }),
            0);
}

TEST(Process, names_its_thread_by_fifteen_characters_at_most) {
  std::thread([] {
    name_thread("a-name-of-more-than-fifteen");
    char name[16] = {};
    ::prctl(PR_GET_NAME, name);
    EXPECT_STREQ(name, "a-name-of-more-");
  }).join();
}

TEST(Process, knows_variables_of_the_environment_and_takes_them_out) {
  EXPECT_EQ(in_copy([] {
              ::setenv("COHORT_TEST_X", "1", 1);
              if (environment_variable("COHORT_TEST_X") != "1") return 1;
              unset_environment_variable("COHORT_TEST_X");
              return environment_variable("COHORT_TEST_X").empty() ? 0 : 2;
            }),
            0);
}

TEST(RandomBytes, differ_each_time) { EXPECT_NE(random_bytes(), random_bytes()); }

}  // namespace
}  // namespace cohort::os
