// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The limits of this process's control group, as far as they can be seen from here.
#include "os/cgroup.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace cohort::os {
namespace {

// The first word of a file of the root group that this process sees; empty when there is none.
std::string word_of(const char* file) {
  std::ifstream in(std::string("/sys/fs/cgroup/") + file);
  std::string word;
  in >> word;
  return word;
}

TEST(Cgroup, limits_are_positive_where_they_are) {
  if (auto bytes = cgroup_memory_limit()) { EXPECT_GT(*bytes, 0u); }
  if (auto processors = cgroup_cpu_limit()) { EXPECT_GT(*processors, 0.0); }
  EXPECT_EQ(cgroup_memory_limit(), cgroup_memory_limit());
}

TEST(Cgroup, limits_are_no_more_than_the_root_allows) {
  const std::string most = word_of("memory.max");
  if (most.empty() || most == "max") GTEST_SKIP() << "no limit at the root";
  ASSERT_TRUE(cgroup_memory_limit().has_value());
  EXPECT_LE(*cgroup_memory_limit(), std::stoull(most));
}

}  // namespace
}  // namespace cohort::os
