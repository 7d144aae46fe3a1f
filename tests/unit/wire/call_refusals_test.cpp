// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Which calls can be made in another process. The sentences for those that cannot are in tests/compile_fail.
#include "cohort/wire/call_refusals.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace cohort::detail {
namespace {

int square(int x) { return x * x; }
void fill(std::vector<int>& values) { values.clear(); }
void greet(const std::string&, double) {}
int length(std::string_view text) { return static_cast<int>(text.size()); }
struct Scale {
  double factor;
  double operator()(double x) const { return factor * x; }
};
struct Member {
  void method() {}
};

template <class F, class... Given>
CallFault fault_of(F, Given...) {
  return call_fault<F, Given...>();
}

TEST(CallFault, is_none_for_arguments_that_convert_as_in_a_call) {
  EXPECT_EQ(fault_of(&square, 3), CallFault::none);
  EXPECT_EQ(fault_of(&square, short{3}), CallFault::none);
  EXPECT_EQ(fault_of(&greet, "bob", 1), CallFault::none);
  EXPECT_EQ(fault_of(&length, std::string_view("bob")), CallFault::none) << "it is kept as a std::string";
  EXPECT_EQ(fault_of(Scale{2.5}, 1), CallFault::none);
  EXPECT_EQ(fault_of([](auto x) { return x; }, 1), CallFault::none);
}

TEST(CallFault, is_the_first_that_is_found) {
  EXPECT_EQ(fault_of(3, 4), CallFault::not_callable);
  EXPECT_EQ(fault_of(&square), CallFault::count);
  EXPECT_EQ(fault_of(&square, 1, 2), CallFault::count);
  EXPECT_EQ(fault_of(&fill, std::vector<int>()), CallFault::reference);
  EXPECT_EQ(fault_of(&square, "text"), CallFault::conversion);
  EXPECT_EQ(fault_of(&greet, std::string_view("bob"), 1), CallFault::conversion) << "as in a call";
  EXPECT_EQ(fault_of([](auto x) -> decltype(x + 1) { return x; }, std::string()), CallFault::not_invocable);
  EXPECT_EQ(fault_of(&Member::method), CallFault::told);
}

TEST(InheritedCall, needs_nothing_that_travels) {
  int local = 0;
  auto capturing = [&local](int x) { local = x; };
  EXPECT_EQ((inherited_call_fault<decltype(capturing), int>()), CallFault::none);
  EXPECT_EQ((inherited_call_fault<decltype(capturing)>()), CallFault::count);
  EXPECT_EQ((inherited_call_fault<void (*)(std::vector<int>&), std::vector<int>>()), CallFault::reference);
}

TEST(RequireCall, holds_for_what_travels) {
  static_assert(RequireCall<decltype(&square), int>::value);
  static_assert(RequireAnswer<decltype(&square), int>::value);
  static_assert(RequireAnswer<decltype(&greet), const char*, int>::value, "no result is wanted of void");
  static_assert(RequireCall<Scale, double>::value);
}

}  // namespace
}  // namespace cohort::detail
