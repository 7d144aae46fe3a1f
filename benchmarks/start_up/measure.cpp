// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// measure PROGRAM: microseconds of vfork, execve and waitpid, the median of many.
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "measure/clock.hpp"
#include "measure/forked.hpp"
#include "measure/report.hpp"

extern char** environ;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  char* arguments[] = {argv[1], nullptr};
  std::vector<double> each;
  for (int i = 0; i < 300; ++i) {
    each.push_back(measure::time_ns([&] {
                     pid_t pid = ::vfork();
                     if (pid == 0) {
                       ::execve(argv[1], arguments, environ);
                       ::_exit(127);
                     }
                     if (measure::wait_for(pid) != 0) std::_Exit(3);
                   }) /
                   1e3);
  }
  measure::report_median("start to end", "us", each);
}
