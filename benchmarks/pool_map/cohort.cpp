// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// How many items or tasks a second go through a pool of two workers. Argument: metrics to measure (default: all).
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cohort/pool.hpp"
#include "measure/clock.hpp"
#include "measure/report.hpp"

namespace {

constexpr int kMany = 10'000'000;
constexpr int kMillion = 1'000'000;
constexpr int kTasks = 200'000;
constexpr std::size_t kBigItems = 64;
constexpr std::size_t kBigBytes = 1U << 20;

int increment(int n) { return n + 1; }
std::size_t length(const std::string& text) { return text.size(); }

void require(bool good) {
  if (!good) std::_Exit(4);
}

std::vector<int> numbers(int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<int>(i);
  return result;
}

/// Items a second, each time; the first call is not among them.
std::vector<double> rates(double items, int times, const std::function<void()>& f) {
  std::vector<double> result;
  f();
  for (int i = 0; i < times; ++i) result.push_back(items / measure::time_ns(f) * 1e9);
  return result;
}

template <class Range>
void map_all(cohort::Pool& pool, const Range& range, const cohort::MapOptions& options) {
  auto results = pool.map<increment>(range, options);
  require(results.size() == std::ranges::size(range) && results.back() == static_cast<int>(results.size()));
}

void vectors_automatic() {
  cohort::Pool pool({.processes = 2});
  pool.apply<increment>(1);
  std::vector<int> input = numbers(kMany);
  auto call = [&] { map_all(pool, input, {}); };
  measure::report("10^7 ints, first call", "items/s", {kMany / measure::time_ns(call) * 1e9});
  measure::report_median("10^7 ints", "items/s", rates(kMany, 5, call));
}

void vectors_one_by_one() {
  cohort::Pool pool({.processes = 2});
  std::vector<int> input = numbers(kMillion);
  measure::report_median("10^6 ints, chunk 1", "items/s",
                         rates(kMillion, 5, [&] { map_all(pool, input, {.chunksize = 1}); }));
}

void index_ranges() {
  cohort::Pool pool({.processes = 2});
  auto range = std::views::iota(0, kMillion);
  measure::report_median("index range", "items/s", rates(kMillion, 5, [&] { map_all(pool, range, {}); }));
  measure::report_median("index range, chunk 1", "items/s",
                         rates(kMillion, 3, [&] { map_all(pool, range, {.chunksize = 1}); }));
}

void lazy() {
  cohort::Pool pool({.processes = 2});
  measure::report_median("imap_unordered", "tasks/s", rates(kTasks, 3, [&] {
                           long sum = 0;
                           for (int n : pool.imap_unordered<increment>(std::views::iota(0, kTasks), {.retries = 1}))
                             sum += n;
                           require(sum == static_cast<long>(kTasks) * (kTasks + 1) / 2);
                         }));
}

void queued() {
  cohort::Pool pool({.processes = 2});
  measure::report_median("apply_async", "tasks/s", rates(kTasks, 3, [&] {
                           std::vector<cohort::AsyncResult<int>> results;
                           results.reserve(kTasks);
                           for (int i = 0; i < kTasks; ++i)
                             results.push_back(pool.submit<increment>({.retries = 1}, i));
                           long sum = 0;
                           for (auto& result : results) sum += result.get();
                           require(sum == static_cast<long>(kTasks) * (kTasks + 1) / 2);
                         }));
}

void large_arguments() {
  cohort::Pool pool({.processes = 2});
  std::vector<std::string> input(kBigItems, std::string(kBigBytes, 'x'));
  auto call = [&] { require(pool.map<length>(input, {.chunksize = 1}).back() == kBigBytes); };
  measure::report_median("64 x 1 MiB", "GB/s", [&] {
    std::vector<double> result = rates(static_cast<double>(kBigItems * kBigBytes), 9, call);
    for (double& rate : result) rate /= 1e9;
    return result;
  }());
}

}  // namespace

int main(int argc, char** argv) {
  const std::pair<std::string_view, void (*)()> all[] = {{"vectors", vectors_automatic}, {"chunk1", vectors_one_by_one},
                                                         {"index", index_ranges},        {"imap", lazy},
                                                         {"apply_async", queued},        {"large", large_arguments}};
  for (auto [name, f] : all) {
    bool wanted = argc == 1;
    for (int i = 1; i < argc; ++i) wanted = wanted || name == argv[i];
    if (wanted) f();
  }
}
