// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Numbers of users and groups by name.
#include "os/accounts.hpp"

#include <gtest/gtest.h>

namespace cohort::os {
namespace {

TEST(Accounts, root_has_the_number_0) {
  EXPECT_EQ(find_user("root"), 0u);
  EXPECT_EQ(find_group("root"), 0u);
}

TEST(Accounts, that_are_not_there_have_none) {
  EXPECT_FALSE(find_user("no such user").has_value());
  EXPECT_FALSE(find_group("no such group").has_value());
  EXPECT_FALSE(find_user("").has_value());
  EXPECT_FALSE(find_user("0").has_value()) << "a number is no name";
}

}  // namespace
}  // namespace cohort::os
