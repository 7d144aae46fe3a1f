// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The same by hand: forked processes with a word of shared memory each way, and no guarantee.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "measure/clock.hpp"
#include "measure/forked.hpp"
#include "measure/futex_word.hpp"
#include "measure/report.hpp"
#include "measure/shared_page.hpp"
#include "pool_life/busy.hpp"

namespace {

struct Table {
  measure::FutexWord task, answer;
  alignas(128) std::atomic<int> next{0};
  std::atomic<std::uint64_t> sink{0};
};

constexpr int kSpins = 2'000;

void serve(Table& table) {
  table.task.take(kSpins);
  table.answer.post();
}

void whole_life() {
  auto call = [] {
    measure::Shared<Table> first, second;
    measure::Forked one([&] {
      serve(*first);
      serve(*first);
    });
    measure::Forked other([&] { serve(*second); });
    first->task.post();
    first->answer.take(kSpins);
    first->task.post();
    second->task.post();
  };
  call();
  measure::report("create, first task, close, join", "us", {measure::mean_ns(100, call) / 1e3});
}

void replacement() {
  std::vector<double> each;
  for (int i = 0; i < 200; ++i) {
    measure::Shared<Table> table;
    measure::Forked worker([&] {
      for (;;) serve(*table);
    });
    int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, worker.pid(), 0));
    table->task.post();
    table->answer.take(kSpins);
    each.push_back(measure::time_ns([&] {
      ::kill(worker.pid(), SIGKILL);
      pollfd dead{pidfd, POLLIN, 0};
      ::poll(&dead, 1, -1);
      measure::Shared<Table> fresh;
      measure::Forked successor([&] { serve(*fresh); });
      fresh->task.post();
      fresh->answer.take(kSpins);
    }));
    ::close(pidfd);
    worker.reap();
  }
  measure::report("crash to replacement, p50", "us", {measure::quantile(each, 0.5) / 1e3});
  measure::report("crash to replacement, p99", "us", {measure::quantile(each, 0.99) / 1e3});
}

double time_with(int processes) {
  measure::Shared<Table> table;
  return measure::time_ns([&] {
    std::vector<measure::Forked> workers;
    for (int i = 0; i < processes; ++i) {
      workers.emplace_back([&] {
        for (int task = 0; (task = table->next.fetch_add(1)) < pool_life::kTasks;) table->sink += pool_life::busy(task);
      });
    }
  });
}

}  // namespace

int main() {
  whole_life();
  replacement();
  double one = time_with(1);
  measure::report("speed-up of 2 workers", "x", {one / time_with(2)});
}
