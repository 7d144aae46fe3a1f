// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The life of a pool: made, used once and joined; a worker killed and replaced; two workers against one.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <ranges>
#include <vector>

#include "cohort/pool.hpp"
#include "measure/clock.hpp"
#include "measure/report.hpp"
#include "pool_life/busy.hpp"

namespace {

int own_pid() { return ::getpid(); }

void whole_life() {
  auto call = [] {
    cohort::Pool pool({.processes = 2});
    if (pool.apply<own_pid>() == ::getpid()) std::_Exit(4);
    pool.close();
    pool.join();
  };
  call();
  measure::report("create, first task, close, join", "us", {measure::mean_ns(30, call) / 1e3});
}

/// From SIGKILL to the answer of the worker that takes the dead one's place.
void replacement(int processes, const char* p50, const char* p99) {
  std::vector<double> each;
  cohort::Pool pool({.processes = processes});
  for (int i = 0; i < 200; ++i) {
    std::vector<int> before = pool.worker_pids();
    for (int j = 0; j < processes; ++j) pool.apply<own_pid>();
    int victim = before.front();
    each.push_back(measure::time_ns([&] {
      ::kill(victim, SIGKILL);
      for (;;) {
        // A task that the dying worker had just taken fails; one that it had not is the replacement's.
        try {
          int pid = pool.apply<own_pid>();
          bool fresh = true;
          for (int old : before) fresh = fresh && old != pid;
          if (fresh) break;
        } catch (const cohort::WorkerDied&) {}
      }
    }));
  }
  measure::report(p50, "us", {measure::quantile(each, 0.5) / 1e3});
  measure::report(p99, "us", {measure::quantile(each, 0.99) / 1e3});
}

double seconds_with(int workers) {
  cohort::Pool pool({.processes = workers});
  auto tasks = std::views::iota(0, pool_life::kTasks);
  pool.map<pool_life::busy>(std::views::iota(0, 4));
  return measure::time_ns([&] { pool.map<pool_life::busy>(tasks); });
}

}  // namespace

int main() {
  whole_life();
  replacement(1, "crash to replacement, p50", "crash to replacement, p99");
  double one = seconds_with(1);
  measure::report("speed-up of 2 workers", "x", {one / seconds_with(2)});
}
