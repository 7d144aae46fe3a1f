// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "pool/callable_table.hpp"

#include <gtest/gtest.h>

#include "unit/pool/pool_parts.hpp"

namespace cohort::detail {
namespace {

int thrice(int n) { return 3 * n; }
using ThriceCall = Invocation<Function<thrice>, true, ParameterList<int>>;
using testing::TwiceCall;

TEST(CallableTable, gives_each_callable_a_number_which_it_keeps) {
  PoolBlock block(1);
  CallableTable table(block);
  std::uint32_t first = table.number_of(TwiceCall::descriptor, "test");
  std::uint32_t second = table.number_of(ThriceCall::descriptor, "test");
  EXPECT_NE(first, second);
  EXPECT_EQ(table.number_of(TwiceCall::descriptor, "test"), first);
  EXPECT_EQ(table.number_of(ThriceCall::descriptor, "test"), second);
}

TEST(CallableTable, lets_workers_find_it_by_that) {
  PoolBlock block(1);
  CallableTable table(block);
  std::uint32_t number = table.number_of(ThriceCall::descriptor, "test");
  EXPECT_EQ(&resolve_callable(block.shared().callables[number].id), &ThriceCall::descriptor);
}

TEST(CallableTable, names_it_for_messages) {
  PoolBlock block(1);
  CallableTable table(block);
  EXPECT_NE(table.name_of(table.number_of(ThriceCall::descriptor, "test")).find("thrice"), std::string::npos);
  EXPECT_EQ(table.name_of(17), "");
}

}  // namespace
}  // namespace cohort::detail
