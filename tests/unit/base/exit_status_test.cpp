// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/base/exit_status.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace cohort {
namespace {

TEST(ExitStatus, tells_pythons_number) {
  EXPECT_EQ(ExitStatus::exited(3).exitcode(), 3);
  EXPECT_EQ(ExitStatus::signaled(SIGKILL).exitcode(), -SIGKILL);
  EXPECT_EQ(ExitStatus::unknown().exitcode(), ExitStatus::kUnknownExitcode);
}

TEST(ExitStatus, is_a_success_only_for_exit_code_zero) {
  EXPECT_TRUE(ExitStatus::exited(0).success());
  EXPECT_FALSE(ExitStatus::exited(1).success());
  EXPECT_FALSE(ExitStatus::signaled(0).success());
  EXPECT_FALSE(ExitStatus::unknown().success());
  EXPECT_FALSE(ExitStatus().success());
}

TEST(ExitStatus, gives_code_or_signal_never_both) {
  EXPECT_EQ(ExitStatus::exited(3).code(), 3);
  EXPECT_FALSE(ExitStatus::exited(3).signal());
  EXPECT_EQ(ExitStatus::signaled(SIGTERM).signal(), SIGTERM);
  EXPECT_FALSE(ExitStatus::signaled(SIGTERM).code());
  EXPECT_FALSE(ExitStatus::unknown().code());
  EXPECT_FALSE(ExitStatus::unknown().signal());
}

TEST(ExitStatus, reads_as_a_phrase) {
  EXPECT_EQ(ExitStatus::exited(3).to_string(), "exited with 3");
  EXPECT_EQ(ExitStatus::signaled(SIGKILL).to_string(), "died with SIGKILL (9)");
  EXPECT_EQ(ExitStatus::signaled(SIGSEGV, true).to_string(), "died with SIGSEGV (11), core dumped");
  EXPECT_EQ(ExitStatus::signaled(4000).to_string(), "died with unknown signal 4000");
  EXPECT_EQ(ExitStatus::unknown().to_string(), "ended with unknown status");
}

}  // namespace
}  // namespace cohort
