// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A forked child that runs a function and ends.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace measure {

inline int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) std::_Exit(3);
  }
  return status;
}

/// Joined when destroyed; a child that failed ends the benchmark.
class Forked {
 public:
  template <class F>
  explicit Forked(F&& f) {
    std::fflush(stdout);
    pid_ = ::fork();
    if (pid_ < 0) {
      std::perror("fork");
      std::_Exit(2);
    }
    if (pid_ == 0) {
      f();
      ::_exit(0);
    }
  }
  Forked(Forked&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  Forked& operator=(Forked&&) = delete;
  ~Forked() { join(); }
  void join() {
    if (pid_ > 0 && wait_for(pid_) != 0) std::_Exit(3);
    pid_ = -1;
  }
  /// For a child that was killed on purpose: takes its status, whatever it is.
  void reap() {
    if (pid_ > 0) wait_for(pid_);
    pid_ = -1;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

}  // namespace measure
