// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What was called for one process goes on in that one only.
#include "cohort/base/one_process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>

#include "support/in_copy.hpp"

namespace cohort::detail {
namespace {

TEST(OneProcess, goes_on_where_nothing_was_copied) {
  const OneProcess here;
  here.go_on();
}

TEST(OneProcess, ends_the_copy_that_comes_back_and_lets_the_original_go_on) {
  EXPECT_EQ(test::in_copy([] {
              // As a page that a fork wipes: 1 here, 0 in the copy.
              static std::uint64_t word = 1;
              called_word = &word;
              const OneProcess here;
              const pid_t copy = ::fork();
              if (copy == 0) word = 0;
              here.go_on();
              if (copy == 0) ::_exit(9);  // not reached
              int status = -1;
              ::waitpid(copy, &status, 0);
              return status;
            }),
            0);
}

}  // namespace
}  // namespace cohort::detail
