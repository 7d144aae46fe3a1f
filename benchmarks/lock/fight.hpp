// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The shapes of use that every variant of this scenario is measured in. A variant supplies acquire() and release().
#pragma once

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "measure/clock.hpp"
#include "measure/forked.hpp"
#include "measure/futex_word.hpp"
#include "measure/report.hpp"
#include "measure/shared_page.hpp"

namespace lock_bench {

/// Nanoseconds of acquire() and release() when nobody else wants it.
template <class Acquire, class Release>
double alone(Acquire&& acquire, Release&& release) {
  constexpr int kRounds = 2'000'000;
  for (int i = 0; i < 1000; ++i) {
    acquire();
    release();
  }
  return measure::mean_ns(kRounds, [&] {
    acquire();
    release();
  });
}

struct Ring {
  measure::Gate gate;
  std::atomic<bool> over{false};
  alignas(128) std::uint64_t counter = 0;  // what the lock guards: a lost update shows here
  alignas(128) std::array<std::atomic<std::uint64_t>, 64> turns{};
};

/// `count` processes fight for one lock for a third of a second. Reports pairs a second, and the turns of the slowest
/// process as a share of the mean.
template <class Acquire, class Release>
void fight(const std::string& metric, unsigned count, Acquire&& acquire, Release&& release) {
  measure::Shared<Ring> ring;
  std::vector<measure::Forked> processes;
  for (unsigned i = 0; i < count; ++i)
    processes.emplace_back([&, i] {
      acquire();  // whatever the first use makes
      release();
      ring->gate.meet(count + 1);
      std::uint64_t turns = 0;
      while (!ring->over.load(std::memory_order_relaxed)) {
        acquire();
        ++ring->counter;
        release();
        ++turns;
      }
      ring->turns[i].store(turns);
    });
  ring->gate.meet(count + 1);
  double start = measure::now_ns();
  const timespec third{0, 333'000'000};
  ::nanosleep(&third, nullptr);
  ring->over.store(true);
  double elapsed = measure::now_ns() - start;
  processes.clear();
  std::uint64_t sum = 0;
  std::uint64_t least = UINT64_MAX;
  for (unsigned i = 0; i < count; ++i) {
    sum += ring->turns[i].load();
    least = std::min(least, ring->turns[i].load());
  }
  if (sum != ring->counter) {
    std::fprintf(stderr, "%s: updates were lost\n", metric.c_str());
    std::_Exit(4);
  }
  measure::report(metric, "/s", {static_cast<double>(sum) / elapsed * 1e9});
  measure::report(metric + ", slowest", "of mean", {static_cast<double>(least) * count / static_cast<double>(sum)});
}

}  // namespace lock_bench
