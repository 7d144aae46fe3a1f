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
  int asleep;  ///< round trips with pauses before; 0: none
  int stream;  ///< messages one way
};

inline constexpr Size kSizes[] = {
    {"8 B", 8, 100'000, 150, 1'000'000},         {"64 B", 64, 100'000, 150, 1'000'000},
    {"4 KiB", 4096, 50'000, 0, 200'000},         {"1 MiB", std::size_t{1} << 20, 300, 0, 1'000},
    {"64 MiB", std::size_t{64} << 20, 4, 0, 16},
};

/// `call` sends a message and receives the answer.
template <class F>
void report_round_trips(const Size& size, F&& call) {
  for (int i = 0; i < size.awake / 20 + 1; ++i) call();
  measure::report(std::string("round trip ") + size.name + ", awake", "ns", {measure::mean_ns(size.awake, call)});
  if (size.asleep == 0) return;
  std::vector<double> each;
  for (int i = 0; i < size.asleep; ++i) {
    std::this_thread::sleep_for(3ms);
    each.push_back(measure::time_ns(call));
  }
  measure::report_median(std::string("round trip ") + size.name + ", asleep", "ns", each);
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
