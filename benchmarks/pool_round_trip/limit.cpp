// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Two processes that hand a word to and fro: awake (both spin) and asleep (both sleep in a futex when idle).
#include <chrono>
#include <thread>
#include <vector>

#include "measure/clock.hpp"
#include "measure/forked.hpp"
#include "measure/futex_word.hpp"
#include "measure/report.hpp"
#include "measure/shared_page.hpp"

namespace {

using namespace std::chrono_literals;

constexpr int kAwake = 100'000;
constexpr int kWarm = 2'000;
constexpr int kAsleep = 150;
constexpr int kSpins = 20'000;

struct Table {
  measure::FutexWord task, answer;
  measure::Gate gate;
};

void report_awake() {
  measure::Shared<Table> table;
  measure::Forked worker([&] {
    table->gate.meet(2);
    for (int i = 0; i < kAwake + kWarm; ++i) {
      table->task.take(kSpins);
      table->answer.post();
    }
  });
  table->gate.meet(2);
  auto call = [&] {
    table->task.post();
    table->answer.take(kSpins);
  };
  for (int i = 0; i < kWarm; ++i) call();
  double each = measure::mean_ns(kAwake, call);
  measure::report("awake", "ns", {each});
  measure::report("awake, 1 worker", "ns", {each});
}

void report_asleep() {
  measure::Shared<Table> table;
  measure::Forked worker([&] {
    for (int i = 0; i < kAsleep; ++i) {
      table->task.take(0);
      table->answer.post();
    }
  });
  std::vector<double> each;
  for (int i = 0; i < kAsleep; ++i) {
    std::this_thread::sleep_for(3ms);
    each.push_back(measure::time_ns([&] {
      table->task.post();
      table->answer.take(0);
    }));
  }
  measure::report_median("asleep", "ns", each);
  measure::report_median("asleep, 1 worker", "ns", each);
}

}  // namespace

int main() {
  report_awake();
  report_asleep();
  measure::report("idle pool", "% of a core", {0});
}
