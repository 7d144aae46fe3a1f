// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// start() and join() of a Process that does nothing, by each start method, from a small and from a large parent.
#include <cstddef>
#include <string>
#include <string_view>

#include "cohort/process.hpp"
#include "measure/clock.hpp"
#include "measure/report.hpp"
#include "measure/shared_page.hpp"

namespace {

void nothing() {}

void start_and_join(cohort::StartMethod method) {
  cohort::Process process({.start_method = method}, cohort::fn<nothing>);
  process.start();
  process.join();
}

void report_method(cohort::StartMethod method, int count, const std::string& suffix) {
  start_and_join(method);  // the fork server starts with the first
  double each = measure::mean_ns(count, [&] { start_and_join(method); });
  measure::report(std::string(to_string(method)) + suffix, "us", {each / 1e3});
}

}  // namespace

int main(int argc, char** argv) {
  // What the limit executes: this same program, doing nothing.
  if (argc > 1 && std::string_view(argv[1]) == "nothing") return 0;
  using cohort::StartMethod;
  report_method(StartMethod::forkserver, 300, "");
  report_method(StartMethod::spawn, 60, "");
  report_method(StartMethod::fork, 200, "");
  measure::ResidentMemory large(std::size_t{2} << 30);
  report_method(StartMethod::forkserver, 300, " 2 GiB");
  report_method(StartMethod::spawn, 60, " 2 GiB");
  report_method(StartMethod::fork, 5, " 2 GiB");
}
