// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A look with descriptors of its own, in a process that has none left.
#include "os/own_descriptors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/fd.hpp"
#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

struct Look {
  int fd = -1;
  bool had_ours = true;
};

void look(void* argument) {
  auto& result = *static_cast<Look*>(argument);
  result.had_ours = ::fcntl(1, F_GETFD) >= 0;
  result.fd = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
}

TEST(OwnDescriptors, are_there_when_the_process_may_have_no_more) {
  EXPECT_EQ(test::in_copy([] {
              const int next = duplicate(1).get();
              rlimit few{static_cast<rlim_t>(next), static_cast<rlim_t>(next)};
              if (::setrlimit(RLIMIT_NOFILE, &few) != 0 || ::open("/dev/null", O_RDONLY) >= 0) return 1;
              Look result;
              if (!with_own_descriptors(&look, &result)) return 77;
              return result.fd >= 0 && !result.had_ours ? 0 : 2;
            }),
            0);
}

TEST(OwnDescriptors, leave_those_of_the_process_alone) {
  auto [read_end, write_end] = make_pipe();
  Look result;
  ASSERT_TRUE(with_own_descriptors(&look, &result));
  EXPECT_TRUE(is_open(read_end.get()));
  EXPECT_TRUE(is_open(write_end.get()));
  char byte = 1;
  EXPECT_EQ(::write(write_end.get(), &byte, 1), 1);
}

}  // namespace
}  // namespace cohort::os
