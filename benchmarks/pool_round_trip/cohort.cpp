// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A task that does nothing: how long apply() takes while a worker is awake, and after it went to sleep.
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "cohort/pool.hpp"
#include "measure/clock.hpp"
#include "measure/report.hpp"

namespace {

using namespace std::chrono_literals;

int increment(int n) { return n + 1; }

void call(cohort::Pool& pool) {
  if (pool.apply<increment>(1) != 2) std::_Exit(4);
}

void awake(cohort::Pool& pool, const std::string& metric) {
  for (int i = 0; i < 2000; ++i) call(pool);
  measure::report(metric, "ns", {measure::mean_ns(100'000, [&] { call(pool); })});
}

void asleep(cohort::Pool& pool, const std::string& metric) {
  std::vector<double> each;
  for (int i = 0; i < 150; ++i) {
    std::this_thread::sleep_for(3ms);
    each.push_back(measure::time_ns([&] { call(pool); }));
  }
  measure::report_median(metric, "ns", each);
}

/// Nanoseconds of processor time that a process has had, in all its threads.
double processor_ns(int pid) {
  double used = 0;
  timespec time{};
  clockid_t clock;
  if (::clock_getcpuclockid(pid, &clock) == 0 && ::clock_gettime(clock, &time) == 0)
    used = static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  return used;
}

/// What a pool costs that has nothing to do, as a share of one core.
void idle(const cohort::Pool& pool) {
  std::vector<int> processes = pool.worker_pids();
  processes.push_back(::getpid());
  auto used = [&] {
    double sum = 0;
    for (int pid : processes) sum += processor_ns(pid);
    return sum;
  };
  std::this_thread::sleep_for(20ms);
  double before = used();
  double elapsed = measure::time_ns([] { std::this_thread::sleep_for(1s); });
  measure::report("idle pool", "% of a core", {(used() - before) / elapsed * 100});
}

}  // namespace

int main() {
  {
    cohort::Pool pool({.processes = 1});
    awake(pool, "awake, 1 worker");
    asleep(pool, "asleep, 1 worker");
  }
  cohort::Pool pool({.processes = 2});
  awake(pool, "awake");
  asleep(pool, "asleep");
  idle(pool);
}
