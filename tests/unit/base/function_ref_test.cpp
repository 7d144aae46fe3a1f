// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// A reference to a callable.
#include "cohort/base/function_ref.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <type_traits>

namespace cohort {
namespace {

int apply(FunctionRef<int(int)> function) { return function(21); }

TEST(FunctionRef, calls_lambdas_with_their_state) {
  EXPECT_EQ(apply([](int x) { return 2 * x; }), 42);
  int calls = 0;
  auto counting = [&](int x) {
    ++calls;
    return x;
  };
  EXPECT_EQ(apply(counting), 21);
  EXPECT_EQ(apply(counting), 21);
  EXPECT_EQ(calls, 2);
}

TEST(FunctionRef, refers_and_does_not_copy) {
  struct Counter {
    int count = 0;
    int operator()(int) { return ++count; }
    Counter() = default;
    Counter(const Counter&) = delete;
  } counter;
  FunctionRef<int(int)> ref(counter);
  FunctionRef<int(int)> copy = ref;
  EXPECT_EQ(ref(0), 1);
  EXPECT_EQ(copy(0), 2);
  EXPECT_EQ(counter.count, 2);
}

TEST(FunctionRef, passes_references_and_what_can_only_be_moved) {
  FunctionRef<void(int&)> add = [](int& x) { ++x; };
  int value = 0;
  add(value);
  EXPECT_EQ(value, 1);
  FunctionRef<int(std::unique_ptr<int>)> take = [](std::unique_ptr<int> p) { return *p; };
  EXPECT_EQ(take(std::make_unique<int>(7)), 7);
}

TEST(FunctionRef, converts_results_and_refuses_other_signatures) {
  auto gives_int = [] { return 3; };
  EXPECT_EQ(FunctionRef<double()>(gives_int)(), 3.0);
  static_assert(!std::is_constructible_v<FunctionRef<int(int)>, void (*)(std::string)>);
}

}  // namespace
}  // namespace cohort
