// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An error names the call that the user made, not the one that it is made of.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "cohort/pool.hpp"

namespace {

using namespace cohort;

int twice(int n) { return 2 * n; }
std::string text_of(int n) { return std::to_string(n); }
int sum(int a, int b) { return a + b; }

template <class F>
std::string operation_of(F&& call) {
  try {
    call();
  } catch (const Error& error) { return error.operation(); }
  return "no error";
}

TEST(PoolErrors, say_of_each_call_that_the_object_was_moved_from) {
  Pool pool(1);
  auto result = pool.apply_async<twice>(1);
  auto results = pool.imap_unordered<twice>(std::vector<int>{1, 2, 3, 4});
  EXPECT_TRUE(results.next().has_value());
  auto taken_result = std::move(result);
  auto taken_results = std::move(results);
  Pool taken_pool = std::move(pool);
  const std::vector<int> items{1, 2};
  // NOLINTBEGIN(bugprone-use-after-move)
  const std::pair<const char*, std::function<void()>> calls[] = {
      {"AsyncResult.get", [&] { (void)result.get(); }},
      {"AsyncResult.wait", [&] { (void)result.wait(); }},
      {"AsyncResult.ready", [&] { (void)result.ready(); }},
      {"AsyncResult.successful", [&] { (void)result.successful(); }},
      {"Imap.next", [&] { (void)results.next(); }},
      {"Imap.next", [&] { (void)results.begin(); }},
      {"Pool.map", [&] { (void)pool.map<twice>(items); }},
      {"Pool.map", [&] { (void)pool.map<text_of>(items); }},
      {"Pool.starmap", [&] { (void)pool.starmap<sum>(std::vector<std::tuple<int, int>>{{1, 2}}); }},
      {"Pool.apply", [&] { (void)pool.apply<twice>(1); }},
      {"Pool.apply_async", [&] { (void)pool.apply_async<twice>(1); }},
      {"Pool.submit", [&] { (void)pool.submit<twice>({.retries = 1}, 1); }},
      {"Pool.imap_unordered", [&] { (void)pool.imap_unordered<twice>(items); }},
      {"Pool.close", [&] { pool.close(); }},
      {"Pool.join", [&] { (void)pool.join(); }},
      {"Pool.processes", [&] { (void)pool.processes(); }},
      {"Pool.worker_pids", [&] { (void)pool.worker_pids(); }},
  };
  pool.terminate();
  // NOLINTEND(bugprone-use-after-move)
  for (const auto& [name, call] : calls) {
    try {
      call();
      ADD_FAILURE() << name << " returned";
    } catch (const StateError& error) {
      EXPECT_EQ(std::string(error.what()), std::string(name) + ": this object was moved from");
    }
  }
  EXPECT_EQ(taken_result.get(), 2);
  int rest = 0;
  while (taken_results.next()) ++rest;
  EXPECT_EQ(rest, 3);
}

TEST(PoolErrors, name_the_call_that_was_made_on_a_closed_pool) {
  Pool pool(1);
  pool.close();
  const std::vector<int> items{1, 2};
  const std::vector<std::tuple<int, int>> pairs{{1, 2}};
  EXPECT_EQ(operation_of([&] { (void)pool.map<twice>(items); }), "Pool.map");
  EXPECT_EQ(operation_of([&] { (void)pool.map<text_of>(items); }), "Pool.map");
  EXPECT_EQ(operation_of([&] { (void)pool.starmap<sum>(pairs); }), "Pool.starmap");
  EXPECT_EQ(operation_of([&] { (void)pool.apply<twice>(1); }), "Pool.apply");
  EXPECT_EQ(operation_of([&] { (void)pool.apply(twice, 1); }), "Pool.apply");
  EXPECT_EQ(operation_of([&] { (void)pool.apply_async<twice>(1); }), "Pool.apply_async");
  EXPECT_EQ(operation_of([&] { (void)pool.apply_async(twice, 1); }), "Pool.apply_async");
  EXPECT_EQ(operation_of([&] { (void)pool.submit<twice>({.retries = 1}, 1); }), "Pool.submit");
  EXPECT_EQ(operation_of([&] { (void)pool.imap_unordered<twice>(items).next(); }), "Pool.imap_unordered");
}

void end_by_a_signal() { std::raise(SIGKILL); }
int end_at(int) {
  std::raise(SIGKILL);
  return 0;
}
int end_at_both(int, int) {
  std::raise(SIGKILL);
  return 0;
}
void sleep_for_ever() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

struct Said {
  std::string operation, subject, sentence;
};
template <class E, class F>
Said said_by(F&& call) {
  try {
    call();
  } catch (const E& error) { return {error.operation(), error.subject(), error.what()}; } catch (const Error& error) {
    return {std::string("of another type: ") + error.what(), {}, {}};
  }
  return {"no error", {}, {}};
}

TEST(PoolErrors, name_the_call_when_the_pool_is_broken) {
  Pool pool({.processes = 1, .initializer = partial(end_by_a_signal)});
  const std::vector<int> items{1, 2};
  const std::vector<std::tuple<int, int>> pairs{{1, 2}};
  auto operation_of_broken = [](auto&& call) { return said_by<PoolBroken>(call).operation; };
  // The first has it from the wait, the others at once.
  EXPECT_EQ(operation_of_broken([&] { (void)pool.map<twice>(items); }), "Pool.map");
  EXPECT_EQ(operation_of_broken([&] { (void)pool.map<twice>(items); }), "Pool.map");
  EXPECT_EQ(operation_of_broken([&] { (void)pool.starmap<sum>(pairs); }), "Pool.starmap");
  EXPECT_EQ(operation_of_broken([&] { (void)pool.apply<twice>(1); }), "Pool.apply");
  EXPECT_EQ(operation_of_broken([&] { (void)pool.apply_async<twice>(1); }), "Pool.apply_async");
  EXPECT_EQ(operation_of_broken([&] { (void)pool.submit<twice>({.retries = 1}, 1); }), "Pool.submit");
  EXPECT_EQ(operation_of_broken([&] { (void)pool.imap_unordered<twice>(items).next(); }), "Pool.imap_unordered");
  for (int call = 0; call < 3; ++call) {
    Pool fresh({.processes = 1, .initializer = partial(end_by_a_signal)});
    if (call == 0) {
      EXPECT_EQ(operation_of_broken([&] { (void)fresh.apply<twice>(1); }), "Pool.apply");
    }
    if (call == 1) {
      EXPECT_EQ(operation_of_broken([&] { (void)fresh.starmap<sum>(pairs); }), "Pool.starmap");
    }
    if (call == 2) {
      EXPECT_EQ(operation_of_broken([&] { (void)fresh.imap_unordered<twice>(items).next(); }), "Pool.imap_unordered");
    }
  }
}

TEST(PoolErrors, of_a_result_name_the_call_and_the_function) {
  Pool pool(1);
  auto open = pool.apply_async<sleep_for_ever>();
  Said late = said_by<TimeoutError>([&] { open.get(std::chrono::milliseconds(0)); });
  EXPECT_EQ(late.operation, "AsyncResult.get");
  EXPECT_NE(late.subject.find("sleep_for_ever"), std::string::npos) << late.sentence;
  Said early = said_by<StateError>([&] { (void)open.successful(); });
  EXPECT_EQ(early.operation, "AsyncResult.successful");
  EXPECT_NE(early.subject.find("sleep_for_ever"), std::string::npos) << early.sentence;
  pool.terminate();
  Said broken = said_by<PoolBroken>([&] { open.get(); });
  EXPECT_EQ(broken.operation, "AsyncResult.get");
  EXPECT_NE(broken.subject.find("sleep_for_ever"), std::string::npos) << broken.sentence;
}

TEST(PoolErrors, of_a_worker_that_died_name_the_call_and_the_function) {
  Pool pool(1);
  const std::vector<int> items{1, 2};
  const std::vector<std::tuple<int, int>> pairs{{1, 2}};
  auto expect = [](const char* operation, const char* function, auto&& call) {
    Said died = said_by<WorkerDied>(call);
    EXPECT_EQ(died.operation, operation);
    EXPECT_NE(died.subject.find(function), std::string::npos) << died.sentence;
  };
  expect("Pool.apply", "end_at", [&] { (void)pool.apply<end_at>(1); });
  expect("AsyncResult.get", "end_at", [&] { (void)pool.apply_async<end_at>(1).get(); });
  expect("AsyncResult.get", "end_at", [&] { (void)pool.submit<end_at>({}, 1).get(); });
  expect("Pool.map", "end_at", [&] { (void)pool.map<end_at>(items); });
  expect("Pool.starmap", "end_at_both", [&] { (void)pool.starmap<end_at_both>(pairs); });
  expect("Pool.imap_unordered", "end_at", [&] { (void)pool.imap_unordered<end_at>(items).next(); });
}

TEST(PoolErrors, name_the_call_that_was_made_on_a_pool_that_was_moved_from) {
  Pool gone(1);
  Pool pool = std::move(gone);
  const std::vector<int> items{1, 2};
  // NOLINTBEGIN(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(operation_of([&] { (void)gone.map<twice>(items); }), "Pool.map");
  EXPECT_EQ(operation_of([&] { (void)gone.map<text_of>(items); }), "Pool.map");
  EXPECT_EQ(operation_of([&] { (void)gone.apply<twice>(1); }), "Pool.apply");
  EXPECT_EQ(operation_of([&] { (void)gone.apply_async<twice>(1); }), "Pool.apply_async");
  EXPECT_EQ(operation_of([&] { (void)gone.imap_unordered<twice>(items).next(); }), "Pool.imap_unordered");
  EXPECT_EQ(operation_of([&] { gone.close(); }), "Pool.close");
  EXPECT_EQ(operation_of([&] { (void)gone.join(); }), "Pool.join");
  EXPECT_EQ(operation_of([&] { (void)gone.processes(); }), "Pool.processes");
  EXPECT_EQ(operation_of([&] { (void)gone.worker_pids(); }), "Pool.worker_pids");
  // NOLINTEND(bugprone-use-after-move)
}

TEST(PoolErrors, name_join_when_the_pool_was_not_closed) {
  Pool pool(1);
  EXPECT_EQ(operation_of([&] { (void)pool.join(); }), "Pool.join");
}

}  // namespace
