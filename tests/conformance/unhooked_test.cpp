// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// A program that hands its main() to nobody: it must be told so before anything is started, and must never become a
// bomb.

#include <gtest/gtest.h>

#include "cohort/base/error.hpp"
#include "cohort/process.hpp"
#include "family/family.hpp"
#include "os/process.hpp"

namespace cohort {
namespace {

class Unhooked : public testing::TestWithParam<StartMethod> {};
INSTANTIATE_TEST_SUITE_P(By, Unhooked, testing::Values(StartMethod::forkserver, StartMethod::spawn),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(Unhooked, start_is_refused_with_an_explanation) {
  Process p = get_context(GetParam()).process([] {});
  for (int i = 0; i < 2; ++i) {
    try {
      p.start();
      ADD_FAILURE() << "started";
    } catch (const BootstrapError& e) {
      std::string text = e.what();
      EXPECT_NE(text.find("cohort::main"), std::string::npos) << text;
      EXPECT_NE(text.find("cohort::init(argc, argv)"), std::string::npos) << text;
    }
  }
  EXPECT_TRUE(os::child_processes().empty());
  EXPECT_FALSE(p.pid());
  EXPECT_TRUE(active_children().empty());
  auto statistics = family::Family::instance().statistics();
  EXPECT_EQ(statistics.members_reserved, 0u) << "a slot was left behind";
  EXPECT_EQ(statistics.blocks, 0u) << "a launch block was left behind";
}

TEST(Unhooked, fork_works) {
  Process p({.start_method = StartMethod::fork}, [] { throw SystemExit(7); });
  p.start();
  EXPECT_TRUE(p.join());
  EXPECT_EQ(p.exitcode(), 7);
}

}  // namespace
}  // namespace cohort
