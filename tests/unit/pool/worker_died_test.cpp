// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/pool/worker_died.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cohort {
namespace {

TEST(WorkerDied, says_which_call_which_task_which_worker_and_how) {
  WorkerDied died("Pool.map", 4711, ExitStatus::signaled(9), "square, items 0 to 9");
  EXPECT_EQ(died.operation(), "Pool.map");
  EXPECT_EQ(died.task(), "square, items 0 to 9");
  EXPECT_EQ(died.pid(), 4711);
  EXPECT_EQ(died.exit_status().to_string(), ExitStatus::signaled(9).to_string());
  std::string text = died.what();
  for (const char* part : {"Pool.map", "square, items 0 to 9", "4711", "SIGKILL"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(WorkerDied, ends_with_the_last_words_of_the_worker) {
  WorkerDied died("Pool.map", 1, ExitStatus::exited(1), "f", "std::bad_alloc");
  EXPECT_NE(std::string(died.what()).find("(std::bad_alloc)"), std::string::npos) << died.what();
}

}  // namespace
}  // namespace cohort
