// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The public results over a back end that has no processes.
#include "cohort/pool/pool_backend.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ranges>
#include <string>
#include <vector>

#include "cohort/base/error.hpp"
#include "cohort/pool/async_result.hpp"
#include "cohort/pool/imap.hpp"
#include "unit/pool/inline_backend.hpp"

namespace cohort::detail {
namespace {

int twice(int n) { return 2 * n; }
using TwiceCall = Invocation<Function<twice>, true, ParameterList<int>>;

TEST(PoolBackend, gives_an_async_result_what_it_needs) {
  auto pool = std::make_shared<testing::InlineBackend>();
  AsyncResult<int> result(
      pool->call(TwiceCall::descriptor, [](Encoder& out) { TwiceCall::encode_arguments(out, {21}); }, {}, {"call"}));
  EXPECT_FALSE(result.ready());
  EXPECT_EQ(result.get(), 42);
  EXPECT_TRUE(result.successful());
}

TEST(PoolBackend, gives_a_lazy_map_what_it_needs) {
  auto pool = std::make_shared<testing::InlineBackend>();
  auto input = std::views::iota(1, 6);
  Imap<decltype(input), Function<twice>, int, int> results(pool, input, fn<twice>, {.chunksize = 2});
  std::vector<int> values;
  for (int value : results) values.push_back(value);
  EXPECT_EQ(values, (std::vector{2, 4, 6, 8, 10}));
}

TEST(PoolBackend, of_processes_runs_a_call_elsewhere) {
  PoolRef pool = make_process_pool({.processes = 1});
  AsyncResult<int> result(
      pool->call(TwiceCall::descriptor, [](Encoder& out) { TwiceCall::encode_arguments(out, {4}); }, {}, {"call"}));
  EXPECT_EQ(result.get(), 8);
  EXPECT_EQ(pool->processes(), 1);
  EXPECT_EQ(pool->worker_pids().size(), 1u);
  pool->terminate();
}

TEST(PoolBackend, says_which_call_was_made_on_an_object_that_was_moved_from) {
  try {
    throw_moved_from("Pool.map");
  } catch (const StateError& error) { EXPECT_EQ(error.operation(), "Pool.map"); }
}

}  // namespace
}  // namespace cohort::detail
