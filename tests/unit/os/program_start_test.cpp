// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How this program was started.
#include "os/program_start.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace cohort::os {
namespace {

TEST(ProgramStart, knows_its_arguments_and_that_no_loader_was_executed) {
  auto words = program_arguments();
  ASSERT_FALSE(words.empty());
  EXPECT_NE(words[0].find("os_test"), std::string::npos) << words[0];
  EXPECT_TRUE(loader_command().empty());
  EXPECT_FALSE(started_with_privileges());
  EXPECT_EQ(why_started_with_privileges("/proc/self/exe"), "");
}

}  // namespace
}  // namespace cohort::os
