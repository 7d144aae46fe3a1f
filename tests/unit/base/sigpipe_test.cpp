// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// No write of ours ends a process because nobody reads, and no signal of the program's is lost by that.
#include "base/sigpipe.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "cohort/base/log.hpp"
#include "os/fd.hpp"
#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

using test::in_copy;

int write_to_nobody() {
  auto [read_end, write_end] = make_pipe();
  read_end.reset();
  return static_cast<int>(::write(write_end.get(), "x", 1));
}

TEST(Sigpipe, is_not_raised_while_it_is_blocked_and_is_afterwards) {
  EXPECT_EQ(in_copy([] {
              std::signal(SIGPIPE, SIG_DFL);
              {
                SigpipeBlocked blocked;
                if (write_to_nobody() != -1 || errno != EPIPE) return 1;
              }
              return 0;
            }),
            0);
  EXPECT_EQ(in_copy([] {
              std::signal(SIGPIPE, SIG_DFL);
              { SigpipeBlocked blocked; }
              return write_to_nobody() == -1 ? 1 : 2;
            }),
            -SIGPIPE);
}

TEST(Sigpipe, that_was_pending_before_stays_pending) {
  EXPECT_EQ(in_copy([] {
              sigset_t set;
              sigemptyset(&set);
              sigaddset(&set, SIGPIPE);
              ::sigprocmask(SIG_BLOCK, &set, nullptr);
              std::raise(SIGPIPE);
              {
                SigpipeBlocked blocked;
                (void)write_to_nobody();
              }
              sigset_t pending;
              ::sigpending(&pending);
              return sigismember(&pending, SIGPIPE) == 1 ? 0 : 1;
            }),
            0);
}

TEST(Logger, does_not_kill_when_nobody_reads_its_lines) {
  EXPECT_EQ(in_copy([] {
              std::signal(SIGPIPE, SIG_DFL);
              auto [read_end, write_end] = make_pipe();
              read_end.reset();
              ::dup2(write_end.get(), 2);
              log_to_stderr(LogLevel::info);
              get_logger().info("nobody reads this");
              return 0;
            }),
            0);
}

}  // namespace
}  // namespace cohort::os
