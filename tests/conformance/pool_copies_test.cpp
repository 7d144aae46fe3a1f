// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
// A copy that a function makes of its process, by a fork of its own, and that returns from the function: it ends there,
// whatever the function was called for. It does no other task, writes no result, and runs nothing that the process has
// for its end.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "cohort/pool.hpp"
#include "cohort/shared.hpp"
#include "conformance/process_conformance.hpp"

namespace cohort {
namespace test {
namespace {

// 0 in the copy; in the original the copy's exit code, plus 1. By then the copy has done all that it does wrong.
int fork_and_wait() {
  pid_t copy = ::fork();
  if (copy == 0) return 0;
  int status = -1;
  while (::waitpid(copy, &status, 0) < 0 && errno == EINTR) {}
  return 1 + (WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status);
}
// Forks where it is decoded.
struct ForksWhenDecoded {
  int number = 0;
};

}  // namespace
}  // namespace test

template <>
struct Codec<test::ForksWhenDecoded> {
  static void encode(Encoder& out, const test::ForksWhenDecoded& value) { out.write_raw(value.number); }
  static test::ForksWhenDecoded decode(Decoder& in) {
    int number = in.read_raw<int>();
    (void)test::fork_and_wait();
    return {number};
  }
};

namespace test {
namespace {

// In the copy -1, in the original the copy's exit code.
int returns_twice(int) { return fork_and_wait() - 1; }
int throws_in_the_copy(int) {
  int code = fork_and_wait();
  if (code == 0) throw std::runtime_error("in the copy");
  return code - 1;
}
int leaves_in_the_copy(int) {
  int code = fork_and_wait();
  if (code == 0) throw SystemExit(9);
  return code - 1;
}
std::string returns_twice_as_text(const std::string& text) {
  int code = fork_and_wait();
  return code == 0 ? "of the copy" : text + std::to_string(code - 1);
}
// The original returns first: what the copy does wrong, it does later, into what belongs to others by then.
int returns_late(const std::string& path) {
  if (::fork() != 0) return 7;
  while (::access(path.c_str(), F_OK) != 0) ::usleep(500);
  return -1;
}
int square(int x) { return x * x; }
int squares_with_a_copy(int x) {
  if (x % 10 == 0 && fork_and_wait() == 0) return -1;
  return x * x;
}
std::string texts_with_a_copy(int x) {
  if (x % 10 == 0 && fork_and_wait() == 0) return "of the copy";
  return std::to_string(x);
}
Value<int> called(0);
void counts_with_a_copy(int x) {
  called += 1;
  if (x % 10 == 0) (void)fork_and_wait();
}

int number_of(const ForksWhenDecoded& value) {
  called += 1;
  return value.number;
}

class Copy : public EachMethod {
 protected:
  [[nodiscard]] Pool make(int processes = 1) const {
    return Pool({.processes = processes, .start_method = GetParam()});
  }
  static void expect_one_sane_worker(Pool& pool) {
    for (int i = 0; i < 300; ++i) EXPECT_EQ(pool.apply_async<square>(i).get(patience()), i * i);
    EXPECT_EQ(pool.worker_pids().size(), static_cast<std::size_t>(pool.processes()));
  }
};
COHORT_FOR_EACH_METHOD(Copy);

TEST_P(Copy, that_returns_from_a_task_ends_with_0_and_writes_no_result) {
  Pool pool = make();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(pool.apply_async<returns_twice>(i).get(patience()), 0);
    EXPECT_EQ(pool.apply_async<returns_twice_as_text>(std::string(1000, 'x')).get(patience()),
              std::string(1000, 'x') + "0");
  }
  expect_one_sane_worker(pool);
}

TEST_P(Copy, that_throws_from_a_task_ends_with_the_code_of_that) {
  Pool pool = make();
  EXPECT_EQ(pool.apply_async<throws_in_the_copy>(1).get(patience()), 1);
  EXPECT_EQ(pool.apply_async<leaves_in_the_copy>(1).get(patience()), 9);
  expect_one_sane_worker(pool);
}

TEST_P(Copy, that_returns_after_its_original_disturbs_no_later_task) {
  Pool pool = make();
  std::string path = scratch / "late";
  EXPECT_EQ(pool.apply_async<returns_late>(path).get(patience()), 7);
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 2000; ++i) {
    if (i == 500) ::close(::creat(path.c_str(), 0600));
    results.push_back(pool.apply_async<square>(i));
  }
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].get(patience()), i * i);
}

TEST_P(Copy, that_returns_from_an_item_of_a_map_leaves_the_other_items_alone) {
  Pool pool = make(2);
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  std::vector<int> squares;
  std::vector<std::string> texts;
  for (int i : items) {
    squares.push_back(i * i);
    texts.push_back(std::to_string(i));
  }
  EXPECT_EQ(pool.map<squares_with_a_copy>(items, {.chunksize = 7}), squares);
  EXPECT_EQ(pool.map<texts_with_a_copy>(items, {.chunksize = 7}), texts);
  called.store(0);
  pool.map<counts_with_a_copy>(items, {.chunksize = 7});
  EXPECT_EQ(called.load(), 100);
  expect_one_sane_worker(pool);
}

TEST_P(Copy, that_returns_from_an_initializer_is_no_worker) {
  called.store(0);
  PoolOptions options{.processes = 1};
  options.start_method = GetParam();
  options.initializer = [] {
    int code = fork_and_wait();
    if (code != 0) called += code;
  };
  Pool pool(options);
  expect_one_sane_worker(pool);
  EXPECT_EQ(called.load(), 1);
}

TEST_P(Copy, that_returns_from_a_decoder_calls_no_function) {
  called.store(0);
  Pool pool = make();
  EXPECT_EQ(pool.apply_async<number_of>(ForksWhenDecoded{5}).get(patience()), 5);
  EXPECT_EQ(pool.map<number_of>(std::vector<ForksWhenDecoded>{{1}, {2}}), (std::vector<int>{1, 2}));
  EXPECT_EQ(called.load(), 3);
}

// std::atexit() functions and static objects are the process's own.
TEST_P(Copy, of_a_process_runs_nothing_that_the_process_has_for_its_end) {
  called.store(0);
  Process p = finished([] {
    std::atexit([] { called += 100; });
    int code = fork_and_wait();
    if (code != 0) called += code;
  });
  EXPECT_EQ(p.exitcode(), 0);
  // Under the start method fork the function's process itself runs none.
  EXPECT_EQ(called.load() % 100, 1);
  EXPECT_LE(called.load(), 101);
}

}  // namespace
}  // namespace test
}  // namespace cohort
