// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// This process's environment, entry by entry, also as no shell makes it.
#include "os/environment.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

TEST(Environment, is_copied_as_it_is) {
  EXPECT_EQ(test::in_copy([] {
              char a[] = "A=1=2", empty[] = "=odd", bare[] = "no equals sign";
              char* block[] = {a, empty, bare, nullptr};
              environ = block;
              return environment() == std::vector<std::string>{"A=1=2", "=odd", "no equals sign"} ? 0 : 1;
            }),
            0);
}

TEST(Environment, may_be_none) {
  EXPECT_EQ(test::in_copy([] {
              environ = nullptr;
              return environment().empty() && !environment_repeats_names() ? 0 : 1;
            }),
            0);
}

TEST(Environment, repeats_a_name_only_when_the_whole_name_is_the_same) {
  EXPECT_EQ(test::in_copy([] {
              char a[] = "NAME=1", longer[] = "NAME2=1", again[] = "NAME=2";
              char* unique[] = {a, longer, nullptr};
              environ = unique;
              if (environment_repeats_names()) return 1;
              char* repeated[] = {a, longer, again, nullptr};
              environ = repeated;
              return environment_repeats_names() ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace cohort::os
