// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// An error names the call that the user made, not the one that it is made of.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "cohort/pool/pool.hpp"

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

TEST(PoolErrors, name_join_when_the_pool_was_not_closed) {
  Pool pool(1);
  EXPECT_EQ(operation_of([&] { (void)pool.join(); }), "Pool.join");
}

}  // namespace
