// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the programs of this scenario have in common: the sizes, how many messages of each, and how they are timed.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "measure/clock.hpp"
#include "measure/report.hpp"

namespace pipe_bench {

using namespace std::chrono_literals;

struct Size {
  const char* name;
  std::size_t bytes;
  int awake;   ///< round trips, one after the other
  int asleep;  ///< round trips with pauses before
  int stream;  ///< messages one way
};

inline constexpr Size kSizes[] = {
    {"8 B", 8, 100'000, 150, 1'000'000},         {"64 B", 64, 100'000, 150, 1'000'000},
    {"4 KiB", 4096, 50'000, 150, 200'000},       {"1 MiB", std::size_t{1} << 20, 300, 60, 1'000},
    {"64 MiB", std::size_t{64} << 20, 8, 6, 24},
};

inline void report_quantiles(const Size& size, const char* state, const std::vector<double>& each) {
  const std::string name = std::string("round trip ") + size.name + ", " + state;
  measure::report(name + ", p50", "ns", {measure::quantile(each, 0.5)});
  measure::report(name + ", p99", "ns", {measure::quantile(each, 0.99)});
}

/// `call` sends a message and receives the answer. At once one after the other, so that both sides find each other
/// looking.
template <class F>
void report_awake(const Size& size, F&& call) {
  for (int i = 0; i < size.awake / 20 + 1; ++i) call();
  std::vector<double> each;
  each.reserve(static_cast<std::size_t>(size.awake));
  for (int i = 0; i < size.awake; ++i) each.push_back(measure::time_ns(call));
  report_quantiles(size, "awake", each);
}

/// The same with a pause before each, so that both sides sleep in the kernel.
template <class F>
void report_asleep(const Size& size, F&& call) {
  std::vector<double> each;
  for (int i = 0; i < size.asleep; ++i) {
    std::this_thread::sleep_for(3ms);
    each.push_back(measure::time_ns(call));
  }
  report_quantiles(size, "asleep", each);
}

/// `receive` takes one message of a stream that another process sends.
template <class F>
void report_stream(const Size& size, F&& receive) {
  for (int i = 0; i < size.stream / 10; ++i) receive();
  int count = size.stream - size.stream / 10;
  double each = measure::mean_ns(count, receive);
  if (size.bytes < 65536)
    measure::report(std::string("stream ") + size.name, "messages/s", {1e9 / each});
  else
    measure::report(std::string("stream ") + size.name, "B/s", {1e9 / each * static_cast<double>(size.bytes)});
}

}  // namespace pipe_bench
