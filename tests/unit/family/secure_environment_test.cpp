// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A program that runs with more rights than its caller takes no settings from the caller's environment.
#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/sanitizers.hpp"
#include "family/family.hpp"

namespace {

namespace fs = std::filesystem;

constexpr int kNotRaised = 77;

// Run by the test below, in a program of its own.
TEST(RaisedRights, DISABLED_make_a_family) {
  if (::getauxval(AT_SECURE) == 0) ::_exit(kNotRaised);
  EXPECT_GT(cohort::family::Family::instance().budget(), 0U);
}

TEST(RaisedRights, take_no_budget_from_the_environment) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a program that runs as somebody else";
  if (cohort::kAddressSanitizer) GTEST_SKIP() << "its search for leaks may not trace a program with raised rights";
  char scratch[] = "/tmp/cohort-raised-XXXXXX";
  ASSERT_NE(::mkdtemp(scratch), nullptr);
  const std::string program = std::string(scratch) + "/program";
  fs::copy_file("/proc/self/exe", program);
  constexpr unsigned kNobody = 65534;
  ASSERT_EQ(::chown(program.c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(::chmod(program.c_str(), 04755), 0);
  ASSERT_EQ(::chmod(scratch, 0755), 0);
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::setenv("COHORT_MEMORY_BUDGET", "no size at all", 1);
    ::execl(program.c_str(), program.c_str(), "--gtest_also_run_disabled_tests",
            "--gtest_filter=RaisedRights.DISABLED_make_a_family", nullptr);
    ::_exit(99);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  fs::remove_all(scratch);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotRaised) GTEST_SKIP() << "/tmp does not raise rights (nosuid)";
  EXPECT_EQ(status, 0);
}

}  // namespace
