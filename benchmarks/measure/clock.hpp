// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The clock of all benchmarks, and how to time one call.
#pragma once

#include <chrono>

namespace measure {

inline double now_ns() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Nanoseconds that one call takes.
template <class F>
double time_ns(F&& f) {
  double start = now_ns();
  f();
  return now_ns() - start;
}

/// Nanoseconds of each of `count` calls, on average.
template <class F>
double mean_ns(int count, F&& f) {
  double start = now_ns();
  for (int i = 0; i < count; ++i) f();
  return (now_ns() - start) / count;
}

}  // namespace measure
