// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The shapes of traffic that every variant of this scenario is measured in. A variant supplies what puts and gets.
#pragma once

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "measure/clock.hpp"
#include "measure/forked.hpp"
#include "measure/futex_word.hpp"
#include "measure/report.hpp"
#include "measure/shared_page.hpp"

namespace queue_bench {

template <std::size_t n>
struct Message {
  std::array<std::uint64_t, n / 8> words;
};

struct Meeting {
  measure::Gate gate;
  std::atomic<std::uint64_t> sum{0};
  // Taken by the processes themselves: who started them may be late to look.
  std::array<std::atomic<double>, 16> began{}, ended{};
};

inline constexpr auto kNothing = [] {};

/// Of the last flow(): the rate of the slowest process, as a share of the mean of all.
inline double slowest_of_mean = 0;

/// `producers` processes put `total` messages in all, `consumers` get them: messages a second.
/// put(k) puts a message with k in it; get() returns the k of one. Each process calls `before` and `after` outside of
/// the time.
template <class Put, class Get, class Before = decltype(kNothing), class After = decltype(kNothing)>
double flow(int producers, int consumers, std::uint64_t total, Put&& put, Get&& get, Before&& before = {},
            After&& after = {}) {
  measure::Shared<Meeting> meeting;
  const auto all = static_cast<std::uint32_t>(producers + consumers);
  const std::uint64_t each_in = total / static_cast<std::uint64_t>(producers);
  const std::uint64_t each_out = total / static_cast<std::uint64_t>(consumers);
  std::vector<measure::Forked> processes;
  for (int p = 0; p < producers; ++p)
    processes.emplace_back([&, p] {
      before();
      meeting->gate.meet(all);
      meeting->began[static_cast<std::size_t>(p)] = measure::now_ns();
      for (std::uint64_t k = 1; k <= each_in; ++k) put(k);
      meeting->ended[static_cast<std::size_t>(p)] = measure::now_ns();
      after();
    });
  for (int c = 0; c < consumers; ++c)
    processes.emplace_back([&, at = static_cast<std::size_t>(producers + c)] {
      std::uint64_t sum = 0;
      before();
      meeting->gate.meet(all);
      meeting->began[at] = measure::now_ns();
      for (std::uint64_t k = 0; k < each_out; ++k) sum += get();
      meeting->ended[at] = measure::now_ns();
      meeting->sum.fetch_add(sum);
      after();
    });
  for (auto& process : processes) process.join();
  double began = meeting->began[0], ended = 0;
  for (std::size_t i = 0; i < all; ++i) {
    began = std::min(began, meeting->began[i].load());
    ended = std::max(ended, meeting->ended[i].load());
  }
  double seconds = (ended - began) / 1e9;
  double sum = 0, slowest = 0;
  for (std::size_t i = 0; i < all; ++i) {
    double each = 1 / (meeting->ended[i] - meeting->began[i]);
    sum += each;
    slowest = i == 0 ? each : std::min(slowest, each);
  }
  slowest_of_mean = slowest / (sum / all);
  std::uint64_t expected = static_cast<std::uint64_t>(producers) * (each_in * (each_in + 1) / 2);
  if (meeting->sum.load() != expected) {
    std::fprintf(stderr, "messages were lost: sum %llu, expected %llu\n",
                 static_cast<unsigned long long>(meeting->sum.load()), static_cast<unsigned long long>(expected));
    std::_Exit(4);
  }
  return static_cast<double>(each_in * static_cast<std::uint64_t>(producers)) / seconds;
}

/// The time of a request and its answer, between two processes. ask(k) puts one and waits for the answer; serve()
/// takes one and answers it.
template <class Ask, class Serve, class After = decltype(kNothing)>
std::vector<double> round_trips(int count, std::chrono::microseconds pause, Ask&& ask, Serve&& serve,
                                After&& after = {}) {
  measure::Shared<Meeting> meeting;
  measure::Forked server([&] {
    meeting->gate.meet(2);
    for (int i = 0; i < count; ++i) serve();
    after();
  });
  meeting->gate.meet(2);
  std::vector<double> each;
  each.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    if (pause.count() != 0) std::this_thread::sleep_for(pause);
    each.push_back(measure::time_ns([&] { ask(static_cast<std::uint64_t>(i)); }));
  }
  after();
  return each;
}

inline void report_round_trips(const std::string& name, const std::vector<double>& each) {
  measure::report(name + ", p50", "ns", {measure::quantile(each, 0.5)});
  measure::report(name + ", p99", "ns", {measure::quantile(each, 0.99)});
}

}  // namespace queue_bench
