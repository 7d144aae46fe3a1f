// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/life_bond.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "os/fd.hpp"
#include "os/process.hpp"
#include "support/scratch.hpp"

namespace cohort::os {
namespace {

using namespace std::chrono_literals;

// A process and one that is bound to it, both below this one, which orphans go to.
class LifeBond : public testing::Test {
 protected:
  void SetUp() override { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

  // Starts the two. The bound one runs `body`, says "ready", and stays.
  void start(const std::function<void()>& body, bool with_pidfd = true) {
    auto [said, saying] = make_pipe();
    parent_ = ::fork();
    if (parent_ == 0) {
      Fd life = own_life();
      pid_t pid = ::getpid();
      if (::fork() == 0) {
        if (bind_life(with_pidfd ? life.get() : -1, pid) != 0) ::_exit(1);
        int say = saying.get();
        body();
        std::string line = std::to_string(::getpid()) + "\n";
        if (::write(say, line.data(), line.size()) < 0) ::_exit(2);
        while (true) ::pause();
      }
      while (true) ::pause();
    }
    saying.reset();
    bound_ = std::stoi(test::read_line(said.get(), test::patience()).value_or("0"));
    ASSERT_GT(bound_, 0);
  }
  void expect_both_to_end() {
    ::kill(parent_, SIGKILL);
    int status = 0;
    for (int i = 0; i < 2; ++i) {
      pid_t ended = 0;
      Deadline patience = 30s;
      while ((ended = ::waitpid(-1, &status, WNOHANG)) == 0 && !patience.expired()) ::usleep(1000);
      ASSERT_GT(ended, 0) << "the bound process outlived the other one";
      if (ended == bound_) { EXPECT_EQ(WEXITSTATUS(status), 137); }
    }
  }
  void TearDown() override {
    if (bound_ > 0) ::kill(bound_, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {}
  }
  pid_t parent_ = 0;
  pid_t bound_ = 0;
};

TEST_F(LifeBond, ends_a_process_with_another_one) {
  start([] {});
  expect_both_to_end();
}

TEST_F(LifeBond, holds_where_there_is_no_pidfd) {
  start([] {}, false);
  expect_both_to_end();
}

TEST_F(LifeBond, holds_when_the_process_closes_every_descriptor_and_uses_the_numbers_for_others) {
  start([] {
    for (int fd = 3; fd < 256; ++fd)
      if (::fcntl(fd, F_GETFD) >= 0 &&
          test::file_text("/proc/self/fdinfo/" + std::to_string(fd)).find("Pid:") != std::string::npos) {
        // Both: one that is readable for ever takes the number of the pidfd.
        int file = ::open("/dev/zero", O_RDONLY);
        ::dup2(file, fd);
        ::close(file);
      }
  });
  ::usleep(200'000);  // a bond that took the file for its parent would have ended it by now
  EXPECT_EQ(::kill(bound_, 0), 0);
  expect_both_to_end();
}

TEST_F(LifeBond, holds_when_every_signal_is_blocked_and_the_process_is_stopped) {
  start([] {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGCONT, 0, 0, 0);
  });
  ::kill(bound_, SIGSTOP);
  expect_both_to_end();
}

TEST_F(LifeBond, does_not_count_as_a_thread_of_the_program) {
  start([] {
    if (bond_threads() != 1 || thread_count() != 1) ::_exit(3);
    std::atomic<bool> stop{false};
    std::thread other([&] {
      while (!stop) std::this_thread::yield();
    });
    if (thread_count() != 2) ::_exit(4);
    stop = true;
    other.join();
    // A copy has no bond until it makes one.
    pid_t copy = ::fork();
    if (copy == 0) ::_exit(bond_threads());
    int status = 0;
    ::waitpid(copy, &status, 0);
    if (status != 0) ::_exit(5);
  });
  expect_both_to_end();
}

// setuid() does not reach the thread: it must have nothing that the process could get back through it.
TEST_F(LifeBond, keeps_no_privileges_that_the_process_gives_up) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  start([] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(3);
  });
  std::string status;
  EXPECT_TRUE(test::eventually([&] {
    std::error_code none;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(bound_) + "/task", none)) {
      status = test::file_text(task.path() / "status");
      if (status.starts_with("Name:\tcohort-bond")) break;
    }
    return status.starts_with("Name:\tcohort-bond") && status.find("Seccomp:\t2") != std::string::npos;
  })) << status;
  EXPECT_NE(status.find("CapPrm:\t0000000000000000"), std::string::npos) << status;
  EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos) << status;
  expect_both_to_end();
}

}  // namespace
}  // namespace cohort::os
