// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The least that starting and awaiting a process costs. Argument: the program that spawn executes.
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>

#include "measure/clock.hpp"
#include "measure/forked.hpp"
#include "measure/report.hpp"
#include "measure/shared_page.hpp"

extern char** environ;

namespace {

void require(bool good) {
  if (!good) std::_Exit(4);
}

/// A small process that forks on request: the limit of a fork server.
class ForkingHelper {
 public:
  ForkingHelper() {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    ours_ = ends[0];
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      serve(ends[1]);
    }
    ::close(ends[1]);
  }
  ForkingHelper(const ForkingHelper&) = delete;
  ForkingHelper& operator=(const ForkingHelper&) = delete;
  ~ForkingHelper() {
    ::close(ours_);
    measure::wait_for(pid_);
  }
  void start_and_join() const {
    char byte = 0;
    pid_t pid = 0;
    require(::write(ours_, &byte, 1) == 1);
    require(::read(ours_, &pid, sizeof pid) == sizeof pid);
    require(::read(ours_, &byte, 1) == 1);
  }

 private:
  [[noreturn]] static void serve(int theirs) {
    char byte = 0;
    while (::read(theirs, &byte, 1) == 1) {
      pid_t pid = ::fork();
      if (pid == 0) ::_exit(0);
      require(::write(theirs, &pid, sizeof pid) == sizeof pid);
      measure::wait_for(pid);
      require(::write(theirs, &byte, 1) == 1);
    }
    ::_exit(0);
  }

  int ours_ = -1;
  pid_t pid_ = -1;
};

void by_fork() {
  pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  measure::wait_for(pid);
}

void by_execution(const char* program) {
  const char* const arguments[] = {program, "nothing", nullptr};
  pid_t pid = ::vfork();
  if (pid == 0) {
    ::execve(program, const_cast<char* const*>(arguments), environ);
    ::_exit(127);
  }
  require(measure::wait_for(pid) == 0);
}

template <class F>
void report_way(const char* metric, const char* suffix, int count, F&& f) {
  f();
  measure::report(std::string(metric) + suffix, "us", {measure::mean_ns(count, f) / 1e3});
}

void report_all(const ForkingHelper& helper, const char* program, const char* suffix, int forks) {
  report_way("forkserver", suffix, 300, [&] { helper.start_and_join(); });
  report_way("spawn", suffix, 60, [&] { by_execution(program); });
  report_way("fork", suffix, forks, by_fork);
}

}  // namespace

int main(int argc, char** argv) {
  require(argc == 2);
  ForkingHelper helper;
  report_all(helper, argv[1], "", 200);
  measure::ResidentMemory large(std::size_t{2} << 30);
  report_all(helper, argv[1], " 2 GiB", 5);
}
