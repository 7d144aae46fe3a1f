// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// A module that its program loads while it runs. What it makes callable must be found again in children, which load it
// by themselves.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "cohort/pool.hpp"
#include "cohort/process.hpp"

namespace {

void work(const std::string& to, int n) {
  int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  std::string text = "plug-in " + std::to_string(n) + "\n";
  throw cohort::SystemExit(::write(fd, text.data(), text.size()) > 0 ? 7 : 1);
}

int twice(int x) { return 2 * x; }
int sum(int x, int y) { return x + y; }
std::string quoted(const std::string& text) { return '"' + text + '"'; }
int raised(int x) {
  if (x == 5) throw std::out_of_range("five");
  return x;
}
struct Scale {
  int factor = 1;
  int operator()(int x) const { return factor * x; }
};
int prepared = 0;
void prepare(int value) { prepared = value; }
int is_prepared() { return prepared; }

}  // namespace

// Each way to hand a callable of this module to a pool that its program made: how many went wrong.
extern "C" int plugin_use_pool(cohort::Pool* pool) {
  const std::vector<int> numbers{1, 2, 3, 4};
  const std::vector<int> doubled{2, 4, 6, 8};
  int wrong = 0;
  auto check = [&](bool right) { wrong += right ? 0 : 1; };
  check(pool->map<twice>(numbers) == doubled);
  check(pool->map(Scale{2}, numbers) == doubled);
  check(pool->map([](int x) { return 2 * x; }, numbers, {.chunksize = 1}) == doubled);
  check(pool->map<quoted>(std::vector<std::string>{"a", "b"}) == std::vector<std::string>{"\"a\"", "\"b\""});
  check(pool->starmap<sum>(std::vector{std::tuple(1, 2), std::tuple(3, 4)}) == std::vector{3, 7});
  check(pool->apply<sum>(3, 4) == 7);
  check(pool->apply_async(Scale{3}, 3).get() == 9);
  check(pool->submit<twice>({.retries = 1}, 4).get() == 8);
  int total = 0;
  for (int y : pool->imap_unordered<twice>(std::views::iota(0, 1000), {.chunksize = 7})) total += y;
  check(total == 999'000);
  try {
    (void)pool->map<raised>(std::vector{4, 5, 6});
    check(false);
  } catch (const std::out_of_range&) { check(true); }
  return wrong;
}

extern "C" int plugin_own_pool(int method) {
  cohort::Pool pool({.processes = 2,
                     .initializer = cohort::partial(prepare, 7),
                     .start_method = static_cast<cohort::StartMethod>(method)});
  return pool.apply<is_prepared>() == 7 ? plugin_use_pool(&pool) : 100;
}

extern "C" int plugin_run(int method, int form, const char* to) {
  auto context = cohort::get_context(static_cast<cohort::StartMethod>(method));
  std::string path = to;
  cohort::Process p = form == 0   ? context.process(cohort::fn<work>, path, 0)
                      : form == 1 ? context.process(&work, path, 1)
                                  : context.process([](const std::string& out, int n) { work(out, n); }, path, 2);
  p.start();
  p.join();
  return p.exitcode().value_or(-1000);
}
