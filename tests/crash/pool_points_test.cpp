// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Workers killed at every named point of the pool: every task is resolved exactly once, the pool goes on, and no memory
// is left.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/crash_point.hpp"
#include "cohort/pool.hpp"
#include "cohort/process.hpp"
#include "crash/kill_rounds.hpp"
#include "family/family.hpp"
#include "support/scratch.hpp"

namespace cohort {
namespace {

using namespace std::chrono_literals;

// Large enough for a block of the family memory.
std::string large(int i) { return std::to_string(i) + std::string(1000, 'x'); }
int small(int i) { return i + 1; }
std::string throws_often(const std::string& text) {
  if (text.size() % 2 == 0) throw std::runtime_error(text + std::string(300, '!'));
  return text;
}
// Leaves one byte a worker in `log`.
void arm(const std::string& name, int hit, const std::string& log) {
  std::ofstream(log, std::ios::app).put('w');
  arm_crash_point(name, hit);
}
// The first worker only; those that follow it live.
void arm_first(const std::string& name, int hit, const std::string& log) {
  if (!std::filesystem::exists(log)) arm(name, hit, log);
}

std::uint64_t bytes_in_use() { return family::Family::instance().statistics().in_use.count; }

std::vector<std::string> pool_points() {
  auto points = crash_points();
  std::erase_if(points, [](const std::string& name) { return !name.starts_with("pool."); });
  return points;
}

class PoolCrash : public ::testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    Pool warm(1);
    warm.apply<small>(1);
  }

  // Each worker dies at the hit-th pass of the point, and so do those that follow it. Returns how many workers there
  // were.
  template <class Work>
  std::uintmax_t with_dying_workers(int hit, Work work) {
    auto before = bytes_in_use();
    test::ScratchDirectory scratch;
    std::string log = scratch / "workers";
    {
      Pool pool({.processes = 2, .initializer = partial(arm, GetParam(), hit, log)});
      work(pool);
    }
    Deadline limit = 30s;
    while (bytes_in_use() != before && !limit.expired()) std::this_thread::yield();
    EXPECT_EQ(bytes_in_use(), before);
    EXPECT_TRUE(active_children().empty());
    EXPECT_EQ(family::Family::instance().validate(), nullptr);
    return std::filesystem::file_size(log);
  }

  // Points that a task passes in every case, and points that a chunk of a map does.
  [[nodiscard]] static bool lies_on_the_way_of_tasks(const std::string& point) {
    return !point.starts_with("pool.chunk") && !point.starts_with("pool.job") && !point.starts_with("pool.sleeper") &&
           point != "pool.idle";
  }
  [[nodiscard]] static bool lies_on_the_way_of_chunks(const std::string& point) {
    return point.starts_with("pool.chunk") && point != "pool.chunk_error_named";
  }
};

constexpr int kRetries = 1000;
// Never the first pass: workers that get nothing done before they die are given up after a few.
constexpr int kFirstHit = 2;

TEST_P(PoolCrash, every_task_is_resolved_once) {
  cohort::testing::for_each_kill(
      {GetParam()}, {2, 5},
      [&](const std::string&, int hit, int) {
        auto workers = with_dying_workers(hit, [](Pool& pool) {
          std::vector<AsyncResult<std::string>> results;
          for (int i = 0; i < 60; ++i) results.push_back(pool.submit<large>({.retries = kRetries}, i));
          for (int i = 0; i < 60; ++i) ASSERT_EQ(results[static_cast<std::size_t>(i)].get(60s), large(i));
          std::map<int, int> seen;
          std::vector<int> values(60);
          std::iota(values.begin(), values.end(), 0);
          auto lazy = pool.imap_unordered<small>(values, {.retries = kRetries});
          while (auto value = lazy.next(60s)) ++seen[*value];
          ASSERT_EQ(seen.size(), 60u);
          for (auto& [value, times] : seen) ASSERT_EQ(times, 1) << value;
        });
        if (lies_on_the_way_of_tasks(GetParam())) { EXPECT_GE(workers, 2u + 100u / static_cast<unsigned>(hit) / 4); }
      },
      kFirstHit);
}

TEST_P(PoolCrash, each_call_is_answered_by_the_one_that_follows_a_dead_worker) {
  test::ScratchDirectory scratch;
  Pool pool({.processes = 1, .initializer = partial(arm_first, GetParam(), kFirstHit, scratch / "workers")});
  for (int i = 0; i < 20; ++i) ASSERT_EQ(pool.submit<small>({.retries = 1}, i).get(60s), i + 1) << i;
}

TEST_P(PoolCrash, every_chunk_of_a_map_comes_back) {
  std::vector<int> values(40);
  std::iota(values.begin(), values.end(), 0);
  cohort::testing::for_each_kill(
      {GetParam()}, {2, 4},
      [&](const std::string&, int hit, int) {
        auto workers = with_dying_workers(hit, [&](Pool& pool) {
          auto ranged = pool.map<small>(values, {.chunksize = 1, .retries = kRetries});
          auto encoded = pool.map<large>(values, {.chunksize = 2, .retries = kRetries});
          for (int i : values) {
            ASSERT_EQ(ranged[static_cast<std::size_t>(i)], i + 1);
            ASSERT_EQ(encoded[static_cast<std::size_t>(i)], large(i));
          }
        });
        if (lies_on_the_way_of_chunks(GetParam())) { EXPECT_GE(workers, 2u + 12u / static_cast<unsigned>(hit)); }
      },
      kFirstHit);
}

TEST_P(PoolCrash, errors_arrive_although_workers_die) {
  cohort::testing::for_each_kill(
      {GetParam()}, {3},
      [&](const std::string&, int hit, int) {
        with_dying_workers(hit, [](Pool& pool) {
          std::vector<std::string> words;
          for (std::size_t i = 0; i < 12; ++i) words.emplace_back(i, 'w');
          // A worker names one error of a map, so it dies in the second or a later one.
          for (int map = 0; map < 4; ++map)
            EXPECT_THROW(pool.map<throws_often>(words, {.chunksize = 1, .retries = kRetries}), std::runtime_error);
          EXPECT_THROW(pool.submit<throws_often>({.retries = kRetries}, "even").get(60s), std::runtime_error);
        });
      },
      kFirstHit);
}

// Every worker dies there before it can begin anything.
class PoolCrashAtOnce : public PoolCrash {};

TEST_P(PoolCrashAtOnce, what_no_worker_can_begin_is_given_up_and_what_can_be_is_done) {
  bool is_of_maps = GetParam().starts_with("pool.job");
  auto workers = with_dying_workers(1, [&](Pool& pool) {
    std::vector<int> values(40);
    std::iota(values.begin(), values.end(), 0);
    if (is_of_maps) {
      for (int i = 0; i < 3; ++i) {
        EXPECT_THROW(pool.map<small>(values, {.chunksize = 1, .retries = kRetries}), WorkerDied);
        EXPECT_THROW(pool.map<large>(values, {.retries = kRetries}), WorkerDied);
        EXPECT_EQ(pool.apply<small>(1), 2);
      }
    } else {
      for (int i = 0; i < 3; ++i) {
        EXPECT_THROW(pool.submit<large>({.retries = kRetries}, 1).get(60s), WorkerDied);
        auto lazy = pool.imap_unordered<small>(values, {.chunksize = 20, .retries = kRetries});
        EXPECT_THROW(lazy.next(60s), WorkerDied);
        EXPECT_THROW(lazy.next(60s), WorkerDied);
        EXPECT_FALSE(lazy.next(60s));
        EXPECT_EQ(pool.map<small>(values).back(), 40);
      }
    }
  });
  EXPECT_GE(workers, 6u);
  EXPECT_LE(workers, 200u);
}

std::string name_of(const ::testing::TestParamInfo<std::string>& point) {
  std::string name = point.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(At, PoolCrashAtOnce,
                         ::testing::Values("pool.job_announced", "pool.job_entered", "pool.entry_taken"), name_of);
INSTANTIATE_TEST_SUITE_P(At, PoolCrash, ::testing::ValuesIn(pool_points()), name_of);

}  // namespace
}  // namespace cohort
