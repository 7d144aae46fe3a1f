// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How many processors there are for this process.
#include "os/cpu.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

using test::in_copy;

TEST(Cpu, counts_what_may_be_used) {
  EXPECT_GE(usable_cpus(), 1);
  EXPECT_LE(usable_cpus(), static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)));
  EXPECT_EQ(in_copy([] {
              cpu_set_t one;
              CPU_ZERO(&one);
              CPU_SET(::sched_getcpu(), &one);
              ::sched_setaffinity(0, sizeof one, &one);
              return usable_cpus();
            }),
            1);
}

TEST(Cpu, knows_where_it_runs) {
  EXPECT_GE(machine_cpus(), usable_cpus() > 1 ? 2 : 1);
  EXPECT_GE(current_cpu(), 0);
  EXPECT_LT(current_cpu(), static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)));
  yield_processor();
}

}  // namespace
}  // namespace cohort::os
