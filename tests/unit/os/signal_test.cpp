// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Signals without handlers.
#include "os/signal.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <vector>

#include "os/poller.hpp"
#include "support/in_copy.hpp"

namespace cohort::os {
namespace {

using test::in_copy;

TEST(Signals, are_blocked_and_put_back) {
  sigset_t before = signal_mask();
  {
    BlockSignals blocked;
    sigset_t now = signal_mask();
    EXPECT_TRUE(sigismember(&now, SIGTERM));
  }
  sigset_t after = signal_mask();
  EXPECT_EQ(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
  EXPECT_EQ(in_copy([] {
              ignore_signal(SIGUSR1);
              if (!is_ignored(SIGUSR1) || is_ignored(SIGUSR2)) return 1;
              ::signal(SIGUSR2, [](int) {});
              reset_signal_handlers();
              struct sigaction action{};
              ::sigaction(SIGUSR2, nullptr, &action);
              if (action.sa_handler != SIG_DFL || !is_ignored(SIGUSR1)) return 2;
              block_signals({SIGUSR2});
              ::raise(SIGUSR2);
              return 0;
            }),
            0);
}

TEST(Signals, that_are_blocked_are_listed_by_number) {
  EXPECT_EQ(in_copy([] {
              const std::vector<int> before = blocked_signals();
              block_signals({SIGUSR1, SIGRTMAX});
              const std::vector<int> now = blocked_signals();
              return std::ranges::count(now, SIGUSR1) == 1 && std::ranges::count(now, SIGRTMAX) == 1 &&
                             std::ranges::count(before, SIGUSR1) == 0
                         ? 0
                         : 1;
            }),
            0);
}

TEST(Signals, that_are_ignored_can_be_put_back) {
  EXPECT_EQ(in_copy([] {
              ignore_signal(SIGTERM);
              ::raise(SIGTERM);
              default_signal(SIGTERM);
              ::raise(SIGTERM);
              return 0;
            }),
            -SIGTERM);
}

TEST(ChildEnded, is_readable_once_a_child_has_ended) {
  EXPECT_EQ(in_copy([] {
              Fd ended = child_ended_fd();
              if (is_readable(ended.get())) return 1;
              if (::fork() == 0) ::_exit(0);
              return wait_readable(ended.get(), Deadline::never()) ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace cohort::os
