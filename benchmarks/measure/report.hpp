// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What a program tells the driver: one line a metric, with tabs between name, unit and values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace measure {

inline void report(const std::string& metric, const char* unit, const std::vector<double>& values) {
  std::printf("%s\t%s", metric.c_str(), unit);
  for (double value : values) std::printf("\t%.6g", value);
  std::printf("\n");
  std::fflush(stdout);
}

inline double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

/// Reports the median of single calls, for calls whose mean a few slow ones would spoil.
inline void report_median(const std::string& metric, const char* unit, std::vector<double> values) {
  report(metric, unit, {quantile(std::move(values), 0.5)});
}

}  // namespace measure
