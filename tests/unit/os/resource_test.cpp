// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Resource limits by their name.
#include "os/resource.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cohort::os {
namespace {

TEST(Resource, has_the_number_that_setrlimit_takes) {
  EXPECT_EQ(resource_number(Resource::cpu_seconds), RLIMIT_CPU);
  EXPECT_EQ(resource_number(Resource::file_size), RLIMIT_FSIZE);
  EXPECT_EQ(resource_number(Resource::data), RLIMIT_DATA);
  EXPECT_EQ(resource_number(Resource::stack), RLIMIT_STACK);
  EXPECT_EQ(resource_number(Resource::core), RLIMIT_CORE);
  EXPECT_EQ(resource_number(Resource::open_files), RLIMIT_NOFILE);
  EXPECT_EQ(resource_number(Resource::address_space), RLIMIT_AS);
  EXPECT_EQ(resource_number(Resource::processes), RLIMIT_NPROC);
  EXPECT_EQ(resource_number(Resource::locked_memory), RLIMIT_MEMLOCK);
}

TEST(NullFile, is_read_as_empty_and_takes_everything) {
  Fd null = open_null();
  char byte = 1;
  EXPECT_EQ(::write(null.get(), &byte, 1), 1);
  EXPECT_EQ(::read(null.get(), &byte, 1), 0);
  EXPECT_EQ(::fcntl(null.get(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace cohort::os
