// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Pool: tasks, results and errors, under every start method. After CPython's _TestPool.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <list>
#include <numeric>
#include <set>
#include <thread>

#include "cohort/pool.hpp"
#include "cohort/sync/event.hpp"
#include "conformance/process_conformance.hpp"
#include "family/family.hpp"

namespace cohort::test {

// Not in the unnamed namespace, so that a stack trace can name it.
int refuse_three(int x) {
  if (x == 3) throw std::out_of_range("three is refused");
  return x;
}

// An item whose encoding is the user's code: it travels as the square that a task of that pool gives.
struct Nested {
  Pool* pool;
  int value;
};
int square_of_nested(int x) { return x * x; }
int value_of(Nested nested) { return nested.value; }

}  // namespace cohort::test

template <>
struct cohort::Codec<cohort::test::Nested> {
  static void encode(Encoder& out, const test::Nested& nested) {
    out.write_raw(nested.pool->apply<test::square_of_nested>(nested.value));
  }
  static test::Nested decode(Decoder& in) { return {nullptr, in.read_raw<int>()}; }
};

namespace cohort::test {

namespace {

int square(int x) { return x * x; }
int power(int x, int y) {
  int result = 1;
  while (y-- > 0) result *= x;
  return result;
}
std::string shout(const std::string& word) { return word + "!"; }
int pid_of_worker(int) { return ::getpid(); }
void nothing() {}
struct Scale {
  double factor;
  double operator()(double x) const { return factor * x; }
};
struct Sample {
  std::string name;
  std::vector<int> values;
};
Sample doubled(Sample s) {
  for (int& v : s.values) v *= 2;
  return s;
}
struct Unknown {
  int code;
};

// An exception that carries a handle of what it is about.
struct Interrupted {
  Event event;
  int code;
};
int interrupt(Event event) { throw Interrupted{event, 7}; }
int interrupt_third(int x, Event event) {
  if (x == 3) throw Interrupted{event, x};
  return x;
}
const bool kInterruptedRegistered = (register_exception<Interrupted>(), true);

class PoolTasks : public EachMethod {
 protected:
  // Before the base class kills all children, which this pool would replace.
  void TearDown() override {
    pool.terminate();
    EachMethod::TearDown();
  }
  Pool pool{PoolOptions{.processes = 3, .start_method = GetParam()}};
};

TEST_P(PoolTasks, apply_gives_the_result_of_the_call) {
  EXPECT_EQ(pool.apply<square>(5), 25);
  EXPECT_EQ(pool.apply(square, 6), 36);
  EXPECT_EQ(pool.apply([](int x) { return x + 1; }, 6), 7);
  EXPECT_EQ(pool.apply(Scale{2.5}, 2), 5.0);
  EXPECT_EQ(pool.apply<power>(2, 10), 1024);
  EXPECT_EQ(pool.apply<shout>("hey"), "hey!");
  pool.apply<nothing>();
}

TEST_P(PoolTasks, map_gives_results_in_order) {
  std::vector<int> values(1000);
  std::iota(values.begin(), values.end(), 0);
  auto squares = pool.map<square>(values);
  ASSERT_EQ(squares.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(squares[i], values[i] * values[i]);
}

TEST_P(PoolTasks, map_takes_every_kind_of_range) {
  std::vector<int> expected{0, 1, 4, 9};
  EXPECT_EQ(pool.map<square>(std::vector{0, 1, 2, 3}), expected);
  EXPECT_EQ(pool.map<square>(std::array{0, 1, 2, 3}), expected);
  EXPECT_EQ(pool.map<square>(std::views::iota(0, 4)), expected);
  EXPECT_EQ(pool.map<square>(std::set<int>{3, 2, 1, 0}), expected);
  const std::list<int> list{0, 1, 2, 3};
  EXPECT_EQ(pool.map<square>(list), expected);
  EXPECT_EQ(pool.map<square>(std::vector<short>{0, 1, 2, 3}), expected);
  EXPECT_EQ(pool.map<square>(std::vector<int>{0, 1, 2, 3} | std::views::transform([](int x) { return x; })), expected);
}

TEST_P(PoolTasks, map_carries_text_and_structures) {
  EXPECT_EQ(pool.map<shout>(std::vector<std::string>{"a", "bc", ""}), (std::vector<std::string>{"a!", "bc!", "!"}));
  EXPECT_EQ(pool.map<shout>(std::vector<const char*>{"a", "bc"}), (std::vector<std::string>{"a!", "bc!"}));
  std::vector<Sample> samples;
  for (int i = 0; i < 100; ++i)
    samples.push_back({std::to_string(i), std::vector<int>(static_cast<std::size_t>(i), i)});
  auto results = pool.map<doubled>(samples);
  ASSERT_EQ(results.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(results[static_cast<std::size_t>(i)].name, std::to_string(i));
    EXPECT_EQ(results[static_cast<std::size_t>(i)].values, std::vector<int>(static_cast<std::size_t>(i), 2 * i));
  }
}

TEST_P(PoolTasks, map_of_nothing_is_nothing) {
  EXPECT_TRUE(pool.map<square>(std::vector<int>{}).empty());
  EXPECT_TRUE(pool.map<square>(std::vector<int>{}, {.chunksize = 7}).empty());
  EXPECT_TRUE(pool.map<shout>(std::vector<std::string>{}).empty());
  for (int value : pool.imap_unordered<square>(std::vector<int>{})) FAIL() << value;
}

TEST_P(PoolTasks, every_chunk_size_gives_the_same) {
  std::vector<int> values(257);
  std::iota(values.begin(), values.end(), 0);
  auto expected = pool.map<square>(values);
  for (std::size_t chunk : {1u, 2u, 3u, 100u, 256u, 257u, 1000u})
    EXPECT_EQ(pool.map<square>(values, {.chunksize = chunk}), expected);
}

TEST_P(PoolTasks, starmap_spreads_tuples_over_parameters) {
  std::vector<std::tuple<int, int>> pairs{{1, 3}, {2, 4}, {3, 2}};
  EXPECT_EQ(pool.starmap<power>(pairs), (std::vector{1, 16, 9}));
  EXPECT_EQ(pool.starmap([](std::string a, int n) { return a + std::to_string(n); },
                         std::vector<std::pair<std::string, int>>{{"x", 1}}),
            std::vector<std::string>{"x1"});
}

TEST_P(PoolTasks, imap_unordered_gives_every_result_once) {
  std::multiset<int> results;
  for (int value : pool.imap_unordered<square>(std::views::iota(0, 500))) results.insert(value);
  std::multiset<int> expected;
  for (int i = 0; i < 500; ++i) expected.insert(i * i);
  EXPECT_EQ(results, expected);
  results.clear();
  for (int value : pool.imap_unordered<square>(std::views::iota(0, 500), {.chunksize = 7})) results.insert(value);
  EXPECT_EQ(results, expected);
}

TEST_P(PoolTasks, imap_unordered_draws_an_endless_input_no_further_than_its_window) {
  int drawn = 0;
  auto endless = std::views::iota(0) | std::views::transform([&](int i) {
                   drawn = std::max(drawn, i + 1);
                   return i;
                 });
  int taken = 0;
  for (int value : pool.imap_unordered<square>(endless, {.window = 10})) {
    (void)value;
    if (++taken == 100) break;
  }
  EXPECT_EQ(taken, 100);
  EXPECT_LE(drawn, 100 + 10 + 1);
}

TEST_P(PoolTasks, imap_unordered_goes_on_after_an_error) {
  auto results = pool.imap_unordered<refuse_three>(std::vector{1, 2, 3, 4, 5});
  int good = 0;
  int bad = 0;
  for (bool more = true; more;) {
    try {
      more = results.next().has_value();
      good += more;
    } catch (const std::out_of_range&) { ++bad; }
  }
  EXPECT_EQ(good, 4);
  EXPECT_EQ(bad, 1);
}

TEST_P(PoolTasks, an_input_that_throws_does_so_in_the_caller_and_the_pool_goes_on) {
  auto input = std::views::iota(0, 10) | std::views::transform([](int i) {
                 if (i == 5) throw std::runtime_error("no sixth item");
                 return i;
               });
  EXPECT_THROW(pool.map<square>(input), std::runtime_error);
  auto lazy = [&] {
    int count = 0;
    for (int value : pool.imap_unordered<square>(input)) count += value >= 0;
    return count;
  };
  EXPECT_THROW(lazy(), std::runtime_error);
  EXPECT_EQ(pool.apply<square>(3), 9);
}

TEST_P(PoolTasks, what_an_input_throws_comes_after_the_results_before_it_and_ends_it) {
  auto input = std::views::iota(0, 100) | std::views::transform([](int i) {
                 if (i == 7) throw std::runtime_error("no eighth item");
                 return i;
               });
  for (std::size_t chunk : {1u, 3u, 100u}) {
    auto results = pool.imap_unordered<square>(input, {.chunksize = chunk});
    std::set<int> seen;
    for (int i = 0; i < 7; ++i) seen.insert(results.next(patience()).value());
    EXPECT_EQ(seen, (std::set{0, 1, 4, 9, 16, 25, 36}));
    EXPECT_THROW(results.next(patience()), std::runtime_error);
    EXPECT_EQ(results.next(patience()), std::nullopt);
  }
}

TEST_P(PoolTasks, an_input_may_use_the_pool_that_it_is_for) {
  auto calls = std::views::iota(0, 20) | std::views::transform([&](int x) { return pool.apply<square>(x); });
  int sum = 0;
  for (int y : pool.imap_unordered<square>(calls)) sum += y;
  EXPECT_EQ(sum, 562'666);
  auto maps =
      std::views::iota(0, 5) | std::views::transform([&](int x) { return pool.map<square>(std::vector{x})[0]; });
  EXPECT_EQ(pool.map<square>(maps), (std::vector{0, 1, 16, 81, 256}));
  auto lazy = std::views::iota(0, 5) | std::views::transform([&](int x) {
                int inner = 0;
                for (int y : pool.imap_unordered<square>(std::vector{x, x})) inner += y;
                return inner;
              });
  sum = 0;
  for (int y : pool.imap_unordered<square>(lazy)) sum += y;
  EXPECT_EQ(sum, 4 * (1 + 16 + 81 + 256));
}

TEST_P(PoolTasks, an_input_may_end_the_pool_that_it_is_for) {
  auto ends = [](auto end) {
    return std::views::iota(0, 20) | std::views::transform([end](int x) { return x == 3 ? (end(), x) : x; });
  };
  auto run = [&](auto input) {
    for (int y : pool.imap_unordered<square>(input)) (void)y;
  };
  EXPECT_THROW(run(ends([&] { pool.close(); })), ClosedError);
  EXPECT_THROW(run(ends([&] { pool.terminate(); })), Error);
}

TEST_P(PoolTasks, an_input_holds_up_nobody_else) {
  ScratchDirectory directory;
  std::atomic<bool> drawing{false};
  std::atomic<bool> released{false};
  std::thread reader([&] {
    auto slow = std::views::iota(0, 3) | std::views::transform([&](int x) {
                  drawing = true;
                  while (!released) std::this_thread::yield();
                  return x;
                });
    for (int y : pool.imap_unordered<square>(slow)) (void)y;
  });
  while (!drawing) std::this_thread::yield();
  EXPECT_EQ(pool.apply_async<square>(3).get(patience()), 9);
  EXPECT_EQ(pool.map<square>(std::vector{1, 2}), (std::vector{1, 4}));
  EXPECT_THROW(pool.apply([] { ::raise(SIGKILL); }), WorkerDied);
  released = true;
  reader.join();
}

TEST_P(PoolTasks, a_codec_may_use_the_pool_that_it_encodes_for) {
  EXPECT_EQ(pool.apply<value_of>(Nested{&pool, 5}), 25);
  EXPECT_EQ(pool.map<value_of>(std::vector{Nested{&pool, 2}, Nested{&pool, 3}}), (std::vector{4, 9}));
}

TEST_P(PoolTasks, get_with_a_timeout_gives_up_and_the_task_goes_on) {
  ScratchDirectory directory;
  std::string gate = directory / "gate";
  auto result = pool.apply_async(
      [](const std::string& path) {
        while (::access(path.c_str(), F_OK) != 0) ::usleep(1000);
        return 7;
      },
      gate);
  EXPECT_FALSE(result.ready());
  EXPECT_FALSE(result.wait(10ms));
  EXPECT_THROW(result.get(10ms), TimeoutError);
  EXPECT_THROW((void)result.successful(), StateError);
  std::ofstream(gate).put('x');
  EXPECT_EQ(result.get(patience()), 7);
  EXPECT_EQ(result.get(), 7);
  EXPECT_TRUE(result.ready());
  EXPECT_TRUE(result.successful());
}

TEST_P(PoolTasks, exceptions_come_back_with_type_text_and_origin) {
  auto result = pool.apply_async<refuse_three>(3);
  try {
    result.get(patience());
    FAIL();
  } catch (const std::out_of_range& e) {
    EXPECT_STREQ(e.what(), "three is refused");
    const auto* remote = dynamic_cast<const RemoteException*>(&e);
    ASSERT_NE(remote, nullptr);
    EXPECT_EQ(remote->context().type, "std::out_of_range");
    EXPECT_NE(remote->context().pid, ::getpid());
    EXPECT_NE(remote->context().process.find("PoolWorker-"), std::string::npos);
    EXPECT_NE(remote->context().trace.find("refuse_three"), std::string::npos) << remote->context().trace;
  }
  EXPECT_FALSE(result.successful());
  EXPECT_THROW(pool.map<refuse_three>(std::vector{1, 2, 3, 4}), std::out_of_range);
  EXPECT_THROW(pool.map([](const std::string& s) -> std::string { throw ValueError("op", s, "bad"); },
                        std::vector<std::string>{"a"}),
               ValueError);
  EXPECT_THROW(pool.apply([] { throw Unknown{3}; }), RemoteError);
  EXPECT_THROW(pool.apply([] { throw 17; }), RemoteError);
  EXPECT_EQ(pool.apply<square>(4), 16);
}

TEST_P(PoolTasks, exceptions_come_back_with_those_nested_in_them) {
  const auto nested = [](int) -> int {
    try {
      throw std::out_of_range("three is refused");
    } catch (...) { std::throw_with_nested(std::runtime_error("no result")); }
  };
  const auto expect_nested = [](const auto& call) {
    try {
      call();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "no result");
      EXPECT_EQ(dynamic_cast<const RemoteException&>(e).context().type, "std::runtime_error");
      EXPECT_THROW(std::rethrow_if_nested(e), std::out_of_range);
    }
  };
  expect_nested([&] { (void)pool.apply(nested, 3); });
  expect_nested([&] { (void)pool.map(nested, std::vector{1, 2, 3}); });
  expect_nested([&] { (void)pool.apply_async(nested, 3).get(); });
}

TEST_P(PoolTasks, map_waits_for_all_chunks_and_throws_the_error_of_the_lowest) {
  ScratchDirectory directory;
  struct Mark {
    std::string directory;
    int operator()(int i) const {
      std::ofstream(directory + "/" + std::to_string(i)).put('x');
      if (i == 2) throw std::domain_error("two");
      if (i == 7) throw std::length_error("seven");
      return i;
    }
  };
  std::vector<int> values(20);
  std::iota(values.begin(), values.end(), 0);
  EXPECT_THROW(pool.map(Mark{directory.path()}, values, {.chunksize = 1}), std::domain_error);
  for (int i : values) EXPECT_TRUE(std::filesystem::exists(directory / std::to_string(i))) << i;
}

TEST_P(PoolTasks, large_arguments_and_results_travel_whole) {
  std::vector<double> numbers(1 << 18);
  std::iota(numbers.begin(), numbers.end(), 0.5);
  auto back = pool.apply(
      [](std::vector<double> v) {
        for (double& x : v) x = -x;
        return v;
      },
      numbers);
  ASSERT_EQ(back.size(), numbers.size());
  for (std::size_t i = 0; i < back.size(); ++i) ASSERT_EQ(back[i], -numbers[i]);
}

TEST_P(PoolTasks, more_tasks_than_there_are_records_are_all_done) {
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 10'000; ++i) results.push_back(pool.apply_async<square>(i % 1000));
  for (int i = 0; i < 10'000; ++i)
    ASSERT_EQ(results[static_cast<std::size_t>(i)].get(patience()), (i % 1000) * (i % 1000));
}

TEST_P(PoolTasks, results_may_be_dropped_before_they_are_there) {
  for (int i = 0; i < 1000; ++i) (void)pool.apply_async<square>(i);
  EXPECT_EQ(pool.apply<square>(9), 81);
}

TEST_P(PoolTasks, several_threads_may_use_one_pool) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i)
        if (pool.apply<square>(t * 1000 + i) != (t * 1000 + i) * (t * 1000 + i)) ++wrong;
      std::vector<int> values(100, t);
      for (int value : pool.map<square>(values)) wrong += value != t * t;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(PoolTasks, all_workers_get_work) {
  std::set<int> pids;
  Deadline limit = patience();
  while (pids.size() < 3 && !limit.expired())
    for (int pid : pool.map<pid_of_worker>(std::vector<int>(64), {.chunksize = 1})) pids.insert(pid);
  EXPECT_EQ(pids.size(), 3u);
  auto known = pool.worker_pids();
  for (int pid : pids) EXPECT_NE(std::find(known.begin(), known.end(), pid), known.end());
}

TEST_P(PoolTasks, workers_are_daemons_and_may_have_no_children) {
  EXPECT_TRUE(pool.apply([] { return current_process().daemon; }));
  EXPECT_THROW(pool.apply([] {
    Process child(nothing);
    child.start();
  }),
               StateError);
}

COHORT_FOR_EACH_METHOD(PoolTasks);

// The argument keeps the object alive. From strangers such an exception would come as a RemoteError.
TEST_P(PoolTasks, an_exception_may_carry_a_handle) {
  Event event;
  try {
    (void)pool.apply<interrupt>(event);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Interrupted& e) {
    EXPECT_EQ(e.code, 7);
    Event(e.event).set();
  }
  EXPECT_TRUE(event.is_set()) << "it is the same event";
  event.clear();
  try {
    (void)pool.starmap<interrupt_third>(std::vector<std::tuple<int, Event>>{{1, event}, {3, event}});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Interrupted& e) { Event(e.event).set(); }
  EXPECT_TRUE(event.is_set());
}

}  // namespace
}  // namespace cohort::test
