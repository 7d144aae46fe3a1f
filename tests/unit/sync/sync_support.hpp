// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the sync layer share: forked children that hold and die, and waiting for a sleeper to sleep.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "cohort/base/error.hpp"
#include "cohort/sync.hpp"
#include "support/scratch.hpp"
#include "support/thread_state.hpp"

namespace cohort::test {

using namespace std::chrono_literals;

/// Forked by plain fork: to the library a process that joins by itself. Killed and reaped when it goes.
class Child {
 public:
  template <class F>
  explicit Child(F&& body) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::alarm(60);  // no child outlives a test program that is killed by its deadline
    int status = 0;
    try {
      body();
    } catch (...) { status = 99; }
    ::_exit(status);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)wait();
  }
  /// The wait status.
  int wait() {
    int status = -1;
    if (pid_ > 0) ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  /// The wait status once it has ended.
  std::optional<int> poll() {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    pid_ = -1;
    return status;
  }
  /// Whether it ended by itself without an error.
  bool succeeded() {
    int status = wait();
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    (void)wait();
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

/// Waits until the thread sleeps.
inline void await_sleep(pid_t tid) {
  // Twice, with time between: a thread may sleep for a moment elsewhere.
  ASSERT_TRUE(eventually([&] {
    if (!sleeps(tid)) return false;
    ::usleep(2000);
    return sleeps(tid);
  }));
}

/// What `call` returns; false when a stop ended it.
template <class Call>
bool unless_stopped(Call call) {
  try {
    return call();
  } catch (const Stopped&) { return false; }
}

/// A process that does not end by itself.
[[noreturn]] inline void sleep_for_ever() {
  while (true) ::pause();
}

}  // namespace cohort::test
