// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a fork server's child is given in place of what it would inherit.
#include "os/process_attributes.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

using test::in_copy;

TEST(Attributes, are_carried_over_by_capture_and_apply) {
  EXPECT_EQ(in_copy([] {
              ProcessAttributes present = capture_process_attributes();
              ProcessAttributes wanted = present;
              wanted.umask = 027;
              wanted.soft_limits[RLIMIT_NOFILE] = 99;
              sigaddset(&wanted.signal_mask, SIGUSR1);
              if (apply_process_attributes(wanted, present).any()) return 4;
              ProcessAttributes now = capture_process_attributes();
              if (now.umask != 027) return 1;
              if (now.soft_limits[RLIMIT_NOFILE] != 99) return 2;
              if (sigismember(&now.signal_mask, SIGUSR1) != 1) return 3;
              return 0;
            }),
            0);
}

TEST(Attributes, are_reported_when_refused_and_limits_set_as_near_as_may_be) {
  EXPECT_EQ(in_copy([] {
              rlimit low{100, 200};
              if (::setrlimit(RLIMIT_NOFILE, &low) != 0 || ::setpriority(PRIO_PROCESS, 0, 19) != 0) return 1;
              if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 2;
              ProcessAttributes present = capture_process_attributes();
              ProcessAttributes wanted = present;
              wanted.soft_limits[RLIMIT_NOFILE] = wanted.hard_limits[RLIMIT_NOFILE] = 300;
              wanted.hard_limits[RLIMIT_CORE] = wanted.soft_limits[RLIMIT_CORE] = 0;
              wanted.nice = -5;
              RefusedAttributes refused = apply_process_attributes(wanted, present);
              if (refused.to_string() != "RLIMIT_NOFILE, nice value") return 3;
              ProcessAttributes now = capture_process_attributes();
              if (now.soft_limits[RLIMIT_NOFILE] != 200 || now.hard_limits[RLIMIT_NOFILE] != 200) return 4;
              if (now.hard_limits[RLIMIT_CORE] != 0 || now.nice != 19) return 5;
              return RefusedAttributes().to_string().empty() && !RefusedAttributes().any() ? 0 : 6;
            }),
            0);
}

TEST(Attributes, hold_the_same_umask_with_and_without_threads) {
  mode_t before = ::umask(031);
  EXPECT_EQ(capture_process_attributes().umask, 031u);
  std::thread([] { EXPECT_EQ(capture_process_attributes().umask, 031u); }).join();
  ::umask(before);
}

TEST(Environment, is_replaced_as_a_whole) {
  EXPECT_EQ(in_copy([] {
              ::setenv("COHORT_TEST_A", "1", 1);
              auto block = capture_environment();
              auto digest = environment_digest();
              ::setenv("COHORT_TEST_A", "2", 1);
              ::setenv("COHORT_TEST_B", "x=y", 1);
              if (environment_digest() == digest) return 1;
              auto second = capture_environment();
              replace_environment(block);
              if (std::getenv("COHORT_TEST_B") != nullptr || std::string(std::getenv("COHORT_TEST_A")) != "1") return 2;
              if (environment_digest() != digest) return 3;
              replace_environment(second);
              if (std::string(std::getenv("COHORT_TEST_B")) != "x=y") return 4;
              replace_environment({});
              return environ == nullptr || *environ == nullptr ? 0 : 5;
            }),
            0);
}

TEST(Attributes, of_a_thread_are_its_own) {
  ProcessAttributes process = capture_process_attributes();
  ProcessAttributes thread = process;
  thread.umask = 077;
  thread.nice = process.nice + 1;
  thread.timer_slack = 12345;
  sigaddset(&thread.signal_mask, SIGUSR2);
  ProcessAttributes both = with_thread_attributes(process, thread);
  EXPECT_EQ(both.umask, process.umask);
  EXPECT_EQ(both.nice, thread.nice);
  EXPECT_EQ(both.timer_slack, 12345u);
  EXPECT_EQ(sigismember(&both.signal_mask, SIGUSR2), 1);
}

}  // namespace
}  // namespace cohort::os
