// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// From the kill of a process to the end of a wait for what it held: a pipe in memory, and a lock.
#include <signal.h>

#include <cstdlib>
#include <vector>

#include "cohort/connection.hpp"
#include "cohort/process.hpp"
#include "cohort/sync.hpp"
#include "measure/clock.hpp"
#include "measure/report.hpp"

namespace {

constexpr int kRounds = 60;

void report(const char* p50, const char* p99, std::vector<double>& each) {
  measure::report(p50, "us", {measure::quantile(each, 0.5) / 1e3});
  measure::report(p99, "us", {measure::quantile(each, 0.99) / 1e3});
}

void keep(cohort::Connection, cohort::Event ready) {
  ready.set();
  cohort::Event().wait();
}

void end_of_pipe() {
  std::vector<double> each;
  for (int i = 0; i < kRounds; ++i) {
    cohort::Event ready;
    auto [here, there] = cohort::Pipe();
    cohort::Process child(cohort::fn<keep>, there, ready);
    child.start();
    there.close();
    ready.wait();
    each.push_back(measure::time_ns([&] {
      child.kill();
      try {
        (void)here.recv<int>();
        std::_Exit(4);
      } catch (const cohort::EndOfFile&) {}
    }));
    child.join();
  }
  report("end of a pipe, p50", "end of a pipe, p99", each);
}

void hold(cohort::Lock lock, cohort::Event ready) {
  lock.acquire();
  ready.set();
  cohort::Event().wait();
}

void lock_of_the_dead() {
  std::vector<double> each;
  cohort::Lock lock;
  for (int i = 0; i < kRounds; ++i) {
    cohort::Event ready;
    cohort::Process child(cohort::fn<hold>, lock, ready);
    child.start();
    ready.wait();
    each.push_back(measure::time_ns([&] {
      child.kill();
      lock.acquire();
    }));
    lock.release();
    child.join();
  }
  report("lock of a killed holder, p50", "lock of a killed holder, p99", each);
}

}  // namespace

int main() {
  end_of_pipe();
  lock_of_the_dead();
}
