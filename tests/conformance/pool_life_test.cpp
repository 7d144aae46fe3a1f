// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Pool: beginning, end, and the deaths in between, under every start method.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>

#include "cohort/pool.hpp"
#include "conformance/process_conformance.hpp"
#include "family/family.hpp"

namespace cohort::test {
namespace {

int square(int x) { return x * x; }
void nothing() {}
int die(int signal) {
  ::raise(signal);
  return 0;
}
// Dies the first time that it is called for a path.
int die_once(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) {
    std::ofstream(path).put('x');
    ::raise(SIGKILL);
  }
  return 1;
}
void block_for_ever() {
  while (true) ::pause();
}

// Made in the owner, it uses the pool.
Pool* asked = nullptr;
struct AsksPool : std::runtime_error {
  explicit AsksPool(const std::string& text) : std::runtime_error(text) {
    if (asked != nullptr) (void)asked->worker_pids();
  }
};
const bool asks_pool_registered = (register_exception<AsksPool>(), true);
void fail_when_there_is(const std::string& path) {
  while (::access(path.c_str(), F_OK) != 0) ::usleep(500);
  throw AsksPool("not today");
}

class PoolLife : public EachMethod {
 protected:
  [[nodiscard]] Pool make(int processes = 2) const {
    return Pool({.processes = processes, .start_method = GetParam()});
  }
};

// Bytes that the family holds, when nothing is under way.
std::uint64_t bytes_in_use() { return family::Family::instance().statistics().in_use.count; }

TEST_P(PoolLife, bad_numbers_of_processes_are_refused) {
  EXPECT_THROW(Pool({.processes = -1}), ValueError);
  EXPECT_THROW(Pool(100'000), ValueError);
  EXPECT_EQ(Pool(3).processes(), 3);
  EXPECT_EQ(Pool().processes(), cpu_count());
}

int note_and_block(const std::string& path) {
  std::ofstream(path).put('x');
  block_for_ever();
  return 0;
}
std::string note_and_block_as_text(const std::string& path) { return std::to_string(note_and_block(path)); }

TEST_P(PoolLife, calls_that_other_threads_are_in_throw_when_the_pool_is_destroyed) {
  for (int round = 0; round < 20; ++round) {
    auto pool = std::make_unique<Pool>(make(4));
    Pool& used = *pool;
    std::atomic<int> broken{0};
    std::vector<std::string> paths;
    std::vector<std::thread> threads;
    auto in_thread = [&](auto call) {
      std::string path = scratch / (std::to_string(round) + "-" + std::to_string(paths.size()));
      paths.push_back(path);
      threads.emplace_back([&broken, call, path] {
        try {
          call(path);
        } catch (const PoolBroken&) { ++broken; }
      });
    };
    in_thread([&used](const std::string& path) { (void)used.map<note_and_block_as_text>(std::vector{path, path}); });
    in_thread([&used](const std::string& path) { (void)used.starmap<note_and_block>(std::vector{std::tuple(path)}); });
    in_thread([&used](const std::string& path) { (void)used.apply<note_and_block>(path); });
    for (const std::string& path : paths) EXPECT_TRUE(eventually([&] { return ::access(path.c_str(), F_OK) == 0; }));
    pool.reset();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(broken, 3) << round;
  }
}

TEST_P(PoolLife, close_and_join_finish_what_was_handed_in) {
  Pool pool = make();
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 500; ++i) results.push_back(pool.apply_async<square>(i));
  EXPECT_THROW(pool.join(), StateError);
  pool.close();
  EXPECT_THROW(pool.apply_async<square>(1), ClosedError);
  EXPECT_THROW(pool.map<square>(std::vector{1}), ClosedError);
  EXPECT_TRUE(pool.join(patience()));
  EXPECT_TRUE(pool.join(patience()));
  for (int i = 0; i < 500; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i * i);
}

TEST_P(PoolLife, terminate_kills_running_tasks_and_resolves_open_results) {
  Pool pool = make();
  std::vector<AsyncResult<void>> results;
  for (int i = 0; i < 100; ++i) results.push_back(pool.apply_async(block_for_ever));
  pool.terminate();
  EXPECT_TRUE(pool.join(patience()));
  for (auto& result : results) EXPECT_THROW(result.get(patience()), PoolBroken);
  EXPECT_THROW(pool.apply<square>(1), PoolBroken);
  EXPECT_TRUE(pool.worker_pids().empty());
}

TEST_P(PoolLife, results_outlive_their_pool) {
  std::optional<AsyncResult<int>> done;
  std::optional<AsyncResult<void>> open;
  {
    Pool pool = make();
    done.emplace(pool.apply_async<square>(12));
    done->wait();
    open.emplace(pool.apply_async(block_for_ever));
  }
  EXPECT_EQ(done->get(), 144);
  EXPECT_THROW(open->get(patience()), PoolBroken);
}

TEST_P(PoolLife, an_initializer_runs_in_each_worker_before_its_tasks) {
  Pool pool(
      {.processes = 2,
       .initializer = partial([](const std::string& value) { ::setenv("POOL_TEST_VALUE", value.c_str(), 1); }, "ready"),
       .start_method = GetParam()});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(pool.apply([] { return std::string(::getenv("POOL_TEST_VALUE")); }), "ready");
}

TEST_P(PoolLife, an_initializer_that_throws_breaks_the_pool_with_its_own_error) {
  Pool pool({.processes = 2,
             .initializer = partial([] { throw std::domain_error("no model"); }),
             .start_method = GetParam()});
  // Either call may find the pool broken already.
  EXPECT_THROW(pool.apply_async<square>(2).get(patience()), std::domain_error);
  EXPECT_THROW(pool.apply<square>(2), std::domain_error);
}

TEST_P(PoolLife, the_error_of_an_initializer_may_use_the_pool_when_it_is_made) {
  std::string path = scratch / "fail";
  Pool pool({.processes = 2, .initializer = partial(fail_when_there_is, path), .start_method = GetParam()});
  asked = &pool;
  auto open = pool.apply_async<square>(2);
  std::ofstream(path).put('x');
  EXPECT_THROW(open.get(patience()), AsksPool);
  EXPECT_THROW(open.get(patience()), AsksPool);
  EXPECT_THROW(pool.apply<square>(2), AsksPool);
  EXPECT_THROW(pool.map<square>(std::vector{1, 2}), AsksPool);
  asked = nullptr;
}

TEST_P(PoolLife, an_initializer_that_kills_its_worker_is_tried_a_bounded_number_of_times) {
  Pool pool({.processes = 1, .initializer = partial([] { ::raise(SIGKILL); }), .start_method = GetParam()});
  EXPECT_THROW(pool.apply_async<square>(2).get(patience()), PoolBroken);
}

TEST_P(PoolLife, a_killed_worker_fails_only_its_own_task_and_is_replaced) {
  Pool pool = make();
  auto bad = pool.apply_async<die>(SIGKILL);
  std::vector<AsyncResult<int>> good;
  for (int i = 0; i < 200; ++i) good.push_back(pool.apply_async<square>(i));
  try {
    bad.get(patience());
    FAIL();
  } catch (const WorkerDied& e) {
    EXPECT_EQ(e.exit_status(), ExitStatus::signaled(SIGKILL));
    EXPECT_NE(e.task().find("die"), std::string::npos) << e.task();
    EXPECT_GT(e.pid(), 0);
  }
  for (int i = 0; i < 200; ++i) EXPECT_EQ(good[static_cast<std::size_t>(i)].get(patience()), i * i);
  EXPECT_EQ(pool.apply<square>(11), 121);
}

TEST_P(PoolLife, every_way_to_end_a_worker_resolves_its_task) {
  Pool pool = make();
  EXPECT_THROW(pool.apply<die>(SIGTERM), WorkerDied);
  EXPECT_THROW(pool.apply([] { std::_Exit(7); }), WorkerDied);
  EXPECT_THROW(pool.apply([] { std::exit(7); }), WorkerDied);
  EXPECT_THROW(pool.apply([] { std::terminate(); }), WorkerDied);
  try {
    pool.apply([] { std::_Exit(7); });
    FAIL();
  } catch (const WorkerDied& e) { EXPECT_EQ(e.exit_status(), ExitStatus::exited(7)); }
  // Not an end: SystemExit is thrown in a task, and a task's exception is a result.
  EXPECT_THROW(pool.apply([] { throw SystemExit(3); }), SystemExit);
  EXPECT_EQ(pool.apply<square>(3), 9);
}

TEST_P(PoolLife, a_task_with_retries_runs_again_after_its_worker_died) {
  Pool pool = make();
  EXPECT_EQ(pool.submit<die_once>({.retries = 1}, scratch / "a").get(patience()), 1);
  EXPECT_THROW(pool.submit<die_once>({.retries = 0}, scratch / "b").get(patience()), WorkerDied);
  std::vector<std::string> paths;
  for (int i = 0; i < 8; ++i) paths.push_back(scratch / ("map" + std::to_string(i)));
  EXPECT_EQ(pool.map<die_once>(paths, {.chunksize = 1, .retries = 1}), std::vector<int>(8, 1));
}

TEST_P(PoolLife, a_death_in_a_map_fails_its_chunk_and_finishes_the_others) {
  Pool pool = make();
  ScratchDirectory marks;
  struct Mark {
    std::string directory;
    int operator()(int i) const {
      if (i == 5) ::raise(SIGTERM);
      std::ofstream(directory + "/" + std::to_string(i)).put('x');
      return i;
    }
  };
  std::vector<int> values(16);
  std::iota(values.begin(), values.end(), 0);
  try {
    pool.map(Mark{marks.path()}, values, {.chunksize = 1});
    FAIL();
  } catch (const WorkerDied& e) {
    EXPECT_EQ(e.exit_status().signal(), SIGTERM);
    EXPECT_NE(e.task().find("items 5 to 5"), std::string::npos) << e.task();
  }
  for (int i : values) EXPECT_EQ(std::filesystem::exists(marks / std::to_string(i)), i != 5) << i;
  EXPECT_EQ(pool.map<square>(std::vector{1, 2}), (std::vector{1, 4}));
}

TEST_P(PoolLife, workers_killed_from_outside_lose_nothing) {
  Pool pool = make(3);
  std::vector<int> values(2000);
  std::iota(values.begin(), values.end(), 0);
  auto slow_square = [](int x) {
    ::usleep(300);
    return std::pair(x * x, static_cast<int>(::getpid()));
  };
  auto results = pool.imap_unordered(slow_square, values, {.window = 40, .retries = 100});
  std::multiset<int> seen;
  int kills = 0;
  std::size_t last_kill = 0;
  while (auto value = results.next(patience())) {
    seen.insert(value->first);
    if (seen.size() < last_kill + 150) continue;
    // One that has worked: those that die before they are ready, again and again, break the pool.
    auto pids = pool.worker_pids();
    if (std::find(pids.begin(), pids.end(), value->second) == pids.end()) continue;
    ::kill(value->second, SIGKILL);
    ++kills;
    last_kill = seen.size();
  }
  EXPECT_GE(kills, 10);
  ASSERT_EQ(seen.size(), values.size());
  for (int value : values) ASSERT_EQ(seen.count(value * value), 1u) << value;
}

TEST_P(PoolLife, nothing_is_left_when_a_pool_ends) {
  { make().apply<nothing>(); }
  auto children = active_children().size();
  auto bytes = bytes_in_use();
  for (int round = 0; round < 3; ++round) {
    Pool pool = make();
    EXPECT_EQ(
        pool.map([](const std::string& s) { return s + std::string(1000, 'x'); }, std::vector<std::string>(50, "y"))
            .size(),
        50u);
    EXPECT_THROW(pool.apply<die>(SIGKILL), WorkerDied);
    EXPECT_EQ(pool.apply([](std::vector<int> v) { return v; }, std::vector<int>(5000, 1)).size(), 5000u);
    if (round == 1) {
      pool.close();
      EXPECT_TRUE(pool.join(patience()));
    }
  }
  EXPECT_EQ(active_children().size(), children);
  // The service thread may hold the last reference for a moment.
  Deadline limit = patience();
  while (bytes_in_use() != bytes && !limit.expired()) std::this_thread::yield();
  EXPECT_EQ(bytes_in_use(), bytes);
}

TEST_P(PoolLife, workers_ignore_the_interrupt_from_the_terminal) {
  Pool pool = make();
  EXPECT_EQ(pool.apply([] {
    ::raise(SIGINT);
    return 5;
  }),
            5);
}

TEST_P(PoolLife, a_pool_is_usable_only_in_its_own_process) {
  Pool pool = make();
  EXPECT_EQ(pool.apply<square>(2), 4);
  pid_t child = ::fork();
  if (child == 0) {
    int code = 1;
    try {
      pool.apply<square>(2);
    } catch (const StateError&) { code = 0; } catch (...) {
      code = 2;
    }
    ::_exit(code);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(pool.apply<square>(3), 9);
}

TEST_P(PoolLife, a_moved_from_pool_refuses_and_the_other_works) {
  Pool first = make();
  Pool second = std::move(first);
  EXPECT_EQ(second.apply<square>(3), 9);
  EXPECT_THROW(first.apply<square>(3), StateError);  // NOLINT(bugprone-use-after-move): that is the test
  second = make(1);
  EXPECT_EQ(second.apply<square>(4), 16);
}

COHORT_FOR_EACH_METHOD(PoolLife);

}  // namespace
}  // namespace cohort::test
